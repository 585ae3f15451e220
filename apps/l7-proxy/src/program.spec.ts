import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type ClientHttp2Session } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GrpcClient } from './testing/grpc-client.ts';
import { oneService, startProxy, type RunningProxy } from './testing/harness.ts';
import { scriptedBackend, type BackendCall } from './testing/scripted-backend.ts';
import { SteadyLoad } from './testing/steady-load.ts';

const named = (name: string) => scriptedBackend({ onEnd: (call) => call.reply(Buffer.from(name)) });
const endpoints = (...addresses: string[]) =>
  `source: { static: { endpoints: [${addresses.map((address) => `'${address}'`).join(', ')}] } }`;
const applied = (proxy: RunningProxy) =>
  proxy.log.filter(({ message }) => message === 'config applied').length;

it('services without any routes are called by their names', async () => {
  await using a = await named('a');
  await using b = await named('b');
  await using proxy = await startProxy(
    `services: { a: { ${endpoints(a.address)} }, b: { ${endpoints(b.address)} } }\n`,
  );
  for (const authority of ['a', 'b:80']) {
    const client = new GrpcClient(proxy.address, undefined, authority);
    expect((await client.unary()).messages).toEqual([authority[0]]);
    client.close();
  }
});

describe('a new config', () => {
  it('takes effect live: routes, endpoints, listeners; a bad one changes nothing', async () => {
    await using a = await named('a');
    await using b = await named('b');
    await using proxy = await startProxy(oneService([a.address]));
    const client = new GrpcClient(proxy.address);
    const asks = async () => (await client.unary()).messages[0];
    expect(await asks()).toBe('a');
    await proxy.write(oneService([b.address]));
    await expect.poll(asks).toBe('b');

    await proxy.write('services: {}\nroutes:\n  - match: {}\n    to: [{ service: nobody }]\n');
    const errors = () => proxy.log.filter(({ level }) => level === 'error');
    await expect.poll(() => errors().length).toBe(1);
    expect(errors()[0]!.fields['reason']).toContain('nobody');
    expect(await asks()).toBe('b');

    const listeners = `listeners:
  - { name: one, address: 127.0.0.1, port: 0 }
  - { name: two, address: 127.0.0.1, port: 0, routes: [{ to: [{ service: a }] }] }
`;
    await proxy.write(
      `services: { a: { ${endpoints(a.address)} }, b: { ${endpoints(b.address)} } }\n${listeners}`,
    );
    await expect.poll(() => proxy.ports.has('two')).toBe(true);
    const second = new GrpcClient(`127.0.0.1:${proxy.ports.get('two')}`);
    expect((await second.unary()).messages).toEqual(['a']);
    second.close();
    client.close();
  });

  it('a call under way goes on as it began, whatever the new config says', async () => {
    await using a = await scriptedBackend({});
    await using b = await named('b');
    await using proxy = await startProxy(oneService([a.address]));
    const client = new GrpcClient(proxy.address);
    const old = client.unary();
    await expect.poll(() => a.calls[0]?.ended).toBe(true);
    await proxy.write(oneService([b.address]));
    await expect.poll(() => applied(proxy)).toBe(2);
    expect(await client.unary()).toMatchObject({ messages: ['b'] });
    a.calls[0]!.reply(Buffer.from('old'));
    expect(await old).toMatchObject({ code: 'OK', messages: ['old'] });
    client.close();
  });

  it('reload after reload under load: no call fails', async () => {
    const onEnd = (call: BackendCall) => void setTimeout(() => call.reply(call.content.subarray(5)), 20);
    await using a = await scriptedBackend({ onEnd });
    await using b = await scriptedBackend({ onEnd });
    const config = (count: number) => {
      const which = [[a, b], [a], [b]][count % 3]!;
      const policy = count % 2 === 0 ? 'round-robin' : 'least-request';
      return oneService(
        which.map(({ address }) => address),
        `    policy: { loadBalancing: ${policy}, timeout: ${20 + count}s }`,
      );
    };
    await using proxy = await startProxy(config(0));
    const load = new SteadyLoad(proxy.address, Number(process.env['RATE'] ?? 100));
    const reloads = Number(process.env['RELOADS'] ?? 20);
    for (let count = 1; count <= reloads; count++) {
      await proxy.write(config(count));
      await expect.poll(() => applied(proxy), { interval: 5 }).toBeGreaterThan(count);
    }
    await expect.poll(() => load.done).toBeGreaterThan(0);
    await load.stop();
    expect(load.failed.slice(0, 3)).toEqual([]);
  });
});

describe('the end of connections', () => {
  it('drain: GOAWAY twice, calls under way finish, then the connection ends', async () => {
    await using backend = await scriptedBackend({});
    // As short as a lame duck can be: what it does after its time is what others do at once.
    await using proxy = await startProxy(oneService([backend.address]), ['--lame-duck', '1ms']);
    const session = connect(`http://${proxy.address}`);
    const goaways: number[] = [];
    session.on('goaway', (_code, lastStreamId: number) => goaways.push(lastStreamId));
    const status = statusOf(session);
    await expect.poll(() => backend.calls[0]?.ended).toBe(true);
    const drained = proxy.drain(new AbortController().signal);
    await expect.poll(() => goaways).toEqual([2 ** 31 - 1, 1]);
    backend.calls[0]!.reply();
    expect(await status).toBe(200);
    await drained;
    if (!session.closed) await once(session, 'close');
  });

  it('a lame duck asks clients to end, and still takes those that come back, until its time is up', async () => {
    await using backend = await named('a');
    await using proxy = await startProxy(oneService([backend.address]), ['--lame-duck', '1h']);
    const first = connect(`http://${proxy.address}`);
    await once(first, 'connect');
    const timeIsUp = new AbortController();
    const drained = proxy.drain(timeIsUp.signal);
    await once(first, 'goaway');
    const second = connect(`http://${proxy.address}`).on('error', () => {});
    expect(await statusOf(second)).toBe(200);
    expect(second.destroyed).toBe(false);
    timeIsUp.abort();
    await drained;
    if (!second.closed) await once(second, 'close');
    const [refused] = (await once(connect(`http://${proxy.address}`), 'error')) as [NodeJS.ErrnoException];
    expect(refused.code).toBe('ECONNREFUSED');
  });

  it('drain: what does not end in time is cut', async () => {
    await using backend = await scriptedBackend({});
    await using proxy = await startProxy(oneService([backend.address]));
    const session = connect(`http://${proxy.address}`).on('error', () => {});
    const request = session.request({ ':path': '/', ':method': 'POST' });
    request.on('error', () => {}).end();
    await expect.poll(() => backend.calls.length).toBe(1);
    await proxy.drain(AbortSignal.abort());
    if (!session.closed) await once(session, 'close');
  });

  it('a client is asked to come back when its connection is old; its calls go on', async () => {
    await using backend = await scriptedBackend({});
    await using proxy = await startProxy(oneService([backend.address]), ['--max-connection-age', '1s']);
    const session = connect(`http://${proxy.address}`);
    const status = statusOf(session);
    await once(session, 'goaway');
    await expect.poll(() => backend.calls[0]?.ended).toBe(true);
    backend.calls[0]!.reply();
    expect(await status).toBe(200);
    if (!session.closed) await once(session, 'close');
  });

  it('a connection to an endpoint is replaced when it is old; its calls go on', async () => {
    await using backend = await scriptedBackend({});
    await using proxy = await startProxy(oneService([backend.address]), [
      '--upstream-max-connection-age',
      '1s',
    ]);
    const client = new GrpcClient(proxy.address);
    const old = client.unary();
    await expect.poll(() => backend.connections).toBeGreaterThan(1);
    const next = client.unary();
    await expect.poll(() => backend.calls[1]?.ended).toBe(true);
    expect(backend.calls[1]!.connection).not.toBe(backend.calls[0]!.connection);
    for (const call of backend.calls) call.reply();
    expect([(await old).code, (await next).code]).toEqual(['OK', 'OK']);
    client.close();
  });
});

describe('`check` and a bad start', () => {
  const run = async (...args: string[]) => {
    const main = new URL('../dist/main.js', import.meta.url).pathname;
    const child = spawn(process.execPath, [main, ...args]);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    const [code] = (await once(child, 'close')) as [number];
    return { code, output };
  };

  it('says every fault with file, line and field, and exits 64', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'l7-proxy-'));
    const good = join(directory, 'good.yaml');
    const bad = join(directory, 'bad.yaml');
    await writeFile(good, oneService(['127.0.0.1:1']));
    await writeFile(
      bad,
      `services:
  echo: { source: { static: { endpoints: [] } } }
routes:
  - match: { path: { prefix: /a } }
    to: [{ service: echo, weight: 0 }]
  - match: { path: { prefix: /ab } }
    to: [{ service: nobody }]
`,
    );
    expect(await run('check', good)).toMatchObject({
      code: 0,
      output: expect.stringContaining('good') as string,
    });
    for (const outcome of [await run('check', bad), await run('--config', bad, '--port', '0')]) {
      expect(outcome.code).toBe(64);
      expect(outcome.output).toMatch(/bad\.yaml:4: routes\[0\]: has weights that are all 0/);
      expect(outcome.output).toMatch(/bad\.yaml:6: routes\[1\]: can never match/);
      expect(outcome.output).toMatch(/bad\.yaml:7: .*nobody/);
    }
    expect(await run('check', join(directory, 'gone.yaml'))).toMatchObject({ code: 64 });
    expect(await run('check')).toMatchObject({ code: 64 });
    await rm(directory, { recursive: true });
  });
});

function statusOf(session: ClientHttp2Session): Promise<number> {
  const request = session.request({ ':path': '/', ':method': 'POST', 'content-type': 'application/grpc' });
  request.resume().end();
  return new Promise((resolve, reject) => {
    let status = 0;
    request.on('response', (headers) => (status = Number(headers[':status'])));
    request.on('end', () => resolve(status));
    request.on('error', reject);
  });
}
