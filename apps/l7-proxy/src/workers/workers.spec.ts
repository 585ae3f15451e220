import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { connect } from 'node:tls';
import { authority, ManagedProcess, secretFolder } from '@evenly/local-cluster';
import { describe, expect, it } from 'vitest';
import type { ProxyStatus } from '../admin/status.ts';
import { GrpcClient } from '../testing/grpc-client.ts';
import { oneService } from '../testing/harness.ts';
import { scriptedBackend } from '../testing/scripted-backend.ts';
import { withoutOptions } from './worker-host.ts';

/** The proxy as a process with two workers. */
async function startWorkers(config: string, flags: string[] = []) {
  const directory = await mkdtemp(join(tmpdir(), 'l7-proxy-workers-'));
  const file = join(directory, 'mesh.yaml');
  await writeFile(file, config);
  const main = new URL('../../dist/main.js', import.meta.url).pathname;
  const options = [
    '--config',
    file,
    '--host',
    '127.0.0.1',
    '--port',
    '0',
    '--admin-port',
    '0',
    '--workers',
    '2',
    ...flags,
  ];
  const program = new ManagedProcess({
    name: 'l7-proxy',
    command: [process.execPath, main, ...options, '--exit-with-parent'],
  });
  const ports = await program.listening(['proxy', 'admin'], 20_000).catch(() => undefined);
  const admin = (path: string) => fetch(`http://127.0.0.1:${program.addresses.get('admin')!.port}${path}`);
  return {
    program,
    started: ports !== undefined,
    address: () => `127.0.0.1:${program.addresses.get('proxy')!.port}`,
    write: (text: string) => writeFile(file, text),
    status: async () => (await (await admin('/status')).json()) as ProxyStatus,
    ready: async () => (await admin('/readyz')).ok,
    /** The sum of a metric over its labels. */
    metric: async (name: string) => {
      const rows = (await (await admin('/metrics')).text())
        .split('\n')
        .filter((row) => row.startsWith(`${name}{`) || row.startsWith(`${name} `));
      return rows.reduce((sum, row) => sum + Number(row.split(' ').at(-1)), 0);
    },
    [Symbol.asyncDispose]: async () => {
      await program.stop(10_000);
      await rm(directory, { recursive: true });
    },
  };
}

/** One call by each of so many connections. */
async function callsBy(connections: number, address: string) {
  const clients = Array.from({ length: connections }, () => new GrpcClient(address));
  const codes = (await Promise.all(clients.map((client) => client.unary()))).map(({ code }) => code);
  return { codes, close: () => clients.forEach((client) => client.close()) };
}

describe('several workers', { timeout: 60_000 }, () => {
  it('share a port and its connections; one that dies is started again, and no counter falls', async () => {
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
    await using proxy = await startWorkers(oneService([backend.address]));
    await expect.poll(proxy.ready).toBe(true);
    const first = await callsBy(8, proxy.address());
    expect(first.codes).toEqual(Array(8).fill('OK'));
    const { workers, listeners, services } = await proxy.status();
    expect(listeners).toMatchObject([{ name: 'proxy', connections: 8 }]);
    expect(listeners[0]!.routes[0]).toMatchObject({ name: 'all', calls: 8 });
    expect(services).toMatchObject([{ endpoints: [{ state: 'ready', connections: 2, calls: 8 }] }]);
    expect(await proxy.metric('evenly_proxy_calls_total')).toBe(8);
    first.close();

    const victim = workers!.find(({ number }) => number === 1)!;
    process.kill(victim.pid!, 'SIGKILL');
    await expect.poll(async () => (await proxy.status()).workerRestarts).toBe(1);
    const pidOfFirst = async () =>
      (await proxy.status()).workers!.find(({ number, serving }) => number === 1 && serving)?.pid;
    await expect.poll(pidOfFirst, { timeout: 10_000 }).toBeDefined();
    expect(await pidOfFirst()).not.toBe(victim.pid);
    expect(await proxy.metric('evenly_proxy_worker_exits_total')).toBe(1);
    expect(await proxy.metric('evenly_proxy_calls_total')).toBe(8);
    expect(proxy.program.log.lines.join('\n')).toContain('a worker has ended');
    const second = await callsBy(8, proxy.address());
    expect(second.codes).toEqual(Array(8).fill('OK'));
    expect(await proxy.metric('evenly_proxy_calls_total')).toBe(16);
    second.close();
  });

  it('all follow the config; SIGTERM lets calls finish, and all end', async () => {
    await using a = await scriptedBackend({});
    await using b = await scriptedBackend({ onEnd: (call) => call.reply(Buffer.from('b')) });
    await using proxy = await startWorkers(oneService([a.address]));
    await expect.poll(proxy.ready).toBe(true);
    const clients = Array.from({ length: 4 }, () => new GrpcClient(proxy.address()));
    const old = clients.map((client) => client.unary());
    await expect.poll(() => a.calls.filter(({ ended }) => ended).length).toBe(4);
    await proxy.write(oneService([b.address]));
    const asked = async () =>
      (await Promise.all(clients.map((client) => client.unary('ping', { deadlineMs: 1000 })))).map(
        ({ messages }) => messages[0],
      );
    await expect.poll(asked, { timeout: 15_000 }).toEqual(['b', 'b', 'b', 'b']);

    const pids = (await proxy.status()).workers!.map(({ pid }) => pid!);
    const ended = proxy.program.stop(15_000);
    await expect.poll(() => proxy.program.log.lines.some((line) => line.includes('draining'))).toBe(true);
    for (const call of a.calls) if (call.resetCode === undefined) call.reply(Buffer.from('old'));
    expect((await Promise.all(old)).map(({ messages }) => messages[0])).toEqual(['old', 'old', 'old', 'old']);
    for (const client of clients) client.close();
    await ended;
    expect(proxy.program.exit).toMatchObject({ code: 0 });
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
  });

  it("take each other's TLS session tickets", async () => {
    const pair = await (await authority('ours')).issue('server', { ips: ['127.0.0.1'] });
    const folder = await secretFolder({ 'tls.crt': pair.cert, 'tls.key': pair.key });
    const flags = ['--tls-cert', folder.path('tls.crt'), '--tls-key', folder.path('tls.key')];
    await using proxy = await startWorkers(oneService(['127.0.0.1:9']), flags);
    await expect.poll(proxy.ready).toBe(true);
    let session: Buffer | undefined;
    const reused: boolean[] = [];
    for (let count = 0; count < 5; count++) {
      const port = Number(proxy.address().split(':')[1]);
      const socket = connect({
        port,
        rejectUnauthorized: false,
        ...(session && { session }),
        ALPNProtocols: ['h2'],
      });
      const ticket = new Promise<Buffer>((resolve) => socket.once('session', resolve));
      await once(socket, 'secureConnect');
      reused.push(socket.isSessionReused());
      socket.resume();
      session ??= await ticket;
      socket.destroy();
    }
    // Connections go to the two workers in turn.
    expect(reused).toEqual([false, true, true, true, true]);
    await folder.remove();
  });

  it('a bad config is said once, and the exit code is 64', async () => {
    await using proxy = await startWorkers('services: {}\nroutes: [{ to: [{ service: nobody }] }]\n');
    expect(proxy.started).toBe(false);
    expect(await proxy.program.exited).toMatchObject({ code: 64 });
    expect(proxy.program.log.lines.join('\n').match(/nobody/g)).toHaveLength(1);
  });
});

it('a worker has all options but the admin port', () => {
  const argv = ['node', 'main.js', '--admin-port', '9', '--port=0', '--admin-host=::1', '--config', 'a'];
  expect(withoutOptions(argv, ['--admin-port', '--admin-host'])).toEqual([
    'node',
    'main.js',
    '--port=0',
    '--config',
    'a',
  ]);
});
