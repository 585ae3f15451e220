import { DnsServer, ManagedProcess } from '@evenly/local-cluster';
import { describe, expect, it } from 'vitest';
import { GrpcClient } from './testing/grpc-client.ts';
import { oneService, startProxy } from './testing/harness.ts';
import { scriptedBackend } from './testing/scripted-backend.ts';
import { XdsServerProcess } from './testing/xds-server.ts';

const bySrv = `services:
  echo: { source: { dnsSrv: { name: _grpc._tcp.echo.default.svc.cluster.local, refresh: 20ms } } }
  fixed: { source: { static: { endpoints: ['127.0.0.1:9'] } } }
routes: [{ match: {}, to: [{ service: echo }] }]
`;

describe('with config files', () => {
  it('waits until each source of the first config has told endpoints once', async () => {
    const service = { name: 'echo', namespace: 'default', portName: 'grpc', protocol: 'tcp' };
    const endpoints = [{ hostname: 'pod-1', address: '127.0.0.1', port: 9 }];
    const zone = { domain: 'cluster.local', ttlS: 0, services: [{ ...service, endpoints }] };
    const dns = new DnsServer({ host: '127.0.0.1', port: 0 }, () => zone);
    await dns.start();
    const { port } = dns.status;
    await dns.stop();
    await using proxy = await startProxy(bySrv, [
      ...['--dns-servers', `127.0.0.1:${port}`],
      ...['--dns-timeout', '100ms'],
    ]);
    const waiting = () => proxy.status().waiting;
    await expect
      .poll(waiting)
      .toMatchObject([{ gate: 'source echo', reason: expect.stringContaining('DNS look-up of') as string }]);
    await proxy.write(
      bySrv.replace('services:\n', 'services:\n  later: { source: { file: { path: /no } } }\n'),
    );
    await expect.poll(() => proxy.status().services.length).toBe(3);
    await dns.start();
    await expect.poll(waiting).toEqual([]);
    await dns.stop();
    await expect.poll(() => proxy.status().services.find(({ name }) => name === 'echo')?.error).toBeDefined();
    expect(waiting()).toEqual([]);
  });
});

describe.each([1, 2])('by xDS, with %i workers', (workers) => {
  it('waits until the server has told config and endpoints once', { timeout: 60_000 }, async () => {
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
    await using server = await XdsServerProcess.start(oneService([backend.address]));
    const { address } = server;
    const comeBack = await server.stop();
    const main = new URL('../dist/main.js', import.meta.url).pathname;
    const options = ['--host', '127.0.0.1', '--port', '0', '--admin-port', '0', '--workers', `${workers}`];
    const proxy = new ManagedProcess({
      name: 'l7-proxy',
      command: [process.execPath, main, '--xds-server', address, ...options, '--exit-with-parent'],
    });
    await proxy.listening(['admin'], 20_000);
    const admin = (path: string) =>
      fetch(`http://127.0.0.1:${proxy.addresses.get('admin')!.port}${path}`, { headers: { accept: '*/*' } });
    const readyz = async () => {
      const response = await admin('/readyz');
      return { status: response.status, text: await response.text() };
    };
    const gate = workers === 1 ? 'config' : 'worker 1: config';
    await expect.poll(readyz, { timeout: 10_000 }).toMatchObject({
      status: 503,
      text: expect.stringContaining(`  ${gate}: ${address} is away: `) as string,
    });
    await comeBack();
    await expect.poll(readyz, { timeout: 30_000 }).toEqual({ status: 200, text: 'ready\n' });
    const client = new GrpcClient(`127.0.0.1:${proxy.addresses.get('proxy')!.port}`);
    expect((await client.unary()).code).toBe('OK');
    client.close();
    await server.stop();
    expect(await (await admin('/status')).json()).toMatchObject({ waiting: [] });
    expect((await readyz()).status).toBe(200);
    await proxy.stop(10_000);
  });
});
