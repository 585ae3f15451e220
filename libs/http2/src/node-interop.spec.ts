import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Connection } from './connection/connection.ts';
import { headerList, type HeaderInput } from './headers/block.ts';
import { connectHttp2 } from './socket/connect.ts';
import { SocketLoop } from './socket/loop.ts';
import { call, clientEvents, type PendingCall } from './testing/client-call.ts';
import { echoing, type RunningServer, startServer } from './testing/responding-server.ts';
import { anyName, anyValue, nodeCall, nodeEchoServer, pattern } from './testing/node-peer.ts';

const seed = Number(process.env['TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function nodeSession(
  port: number,
  options: http2.ClientSessionOptions = {},
): Promise<http2.ClientHttp2Session> {
  const session = http2.connect(`http://127.0.0.1:${port}`, options);
  session.on('error', () => undefined);
  closers.push(() => session.destroy());
  await once(session, 'remoteSettings');
  return session;
}

describe('a node:http2 client against the engine', () => {
  const start = async (options: Parameters<typeof startServer>[1] = {}): Promise<RunningServer> => {
    const server = await startServer(echoing, options);
    closers.push(server.close);
    return server;
  };

  test('unary, empty, and large both ways', async () => {
    const session = await nodeSession((await start()).port);
    for (const size of [0, 1, 100, 65_535, 65_536, 3_000_000]) {
      const content = pattern(size);
      const answer = await nodeCall(session, {}, size > 0 ? [content] : []);
      expect(answer).toMatchObject({ status: 200, error: '', trailers: { 'grpc-status': '0' } });
      expect(answer.content === content.toString('latin1')).toBe(true);
    }
  });

  test('200 calls at once on a connection that allows as many, 30 KB each', async () => {
    const session = await nodeSession((await start({ limits: { maxConcurrentStreams: 200 } })).port);
    const content = pattern(30_000);
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => nodeCall(session, {}, [content, content])),
    );
    expect(answers.every((answer) => answer.status === 200 && answer.content.length === 60_000)).toBe(true);
  });

  test('windows small, large, and changed while streams are open', async () => {
    const session = await nodeSession((await start()).port, { settings: { initialWindowSize: 1000 } });
    const content = pattern(200_000);
    const running = nodeCall(session, {}, [content]);
    session.settings({ initialWindowSize: 100 });
    session.settings({ initialWindowSize: 500_000 });
    expect((await running).content === content.toString('latin1')).toBe(true);
  });

  test('a stream that stays open: every message is answered before the next is sent', async () => {
    const session = await nodeSession((await start()).port);
    const request = session.request({ ':method': 'POST', ':path': '/stream' });
    for (const message of ['one', 'two', 'three']) {
      request.write(message);
      const [chunk] = (await once(request, 'data')) as [Buffer];
      expect(chunk.toString()).toBe(message);
    }
    request.end();
    await once(request, 'close');
  });

  test('ping, and a reset that leaves other streams alone', async () => {
    const server = await start();
    const session = await nodeSession(server.port);
    const doomed = session.request({ ':method': 'POST', ':path': '/doomed' });
    await once(doomed, 'response');
    doomed.on('error', () => undefined);
    doomed.close(http2.constants.NGHTTP2_CANCEL);
    await once(doomed, 'close');
    expect(await new Promise((resolve) => session.ping((error) => resolve(error)))).toBeNull();
    expect((await nodeCall(session, {}, [pattern(10)])).status).toBe(200);
    expect(server.connections[0]!.streamCount).toBe(0);
  });

  test('draining: the call in flight ends well, the session is told, the socket closes', async () => {
    const server = await start();
    const session = await nodeSession(server.port);
    const request = session.request({ ':method': 'POST', ':path': '/last' });
    await once(request, 'response');
    const told = once(session, 'goaway');
    const ended = once(session, 'close');
    server.connections[0]!.drain(10_000);
    await told;
    request.end('bye');
    const [chunk] = (await once(request, 'data')) as [Buffer];
    expect(chunk.toString()).toBe('bye');
    await ended;
  });
});

describe('the engine as client against a node:http2 server', () => {
  let server: http2.Http2Server;
  let port: number;
  beforeAll(async () => {
    server = nodeEchoServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => server.close());

  const connect = (): Connection<PendingCall> => {
    const loop = new SocketLoop();
    const connection: Connection<PendingCall> = connectHttp2({
      loop,
      host: '127.0.0.1',
      port,
      events: clientEvents(() => connection),
    });
    closers.push(() => connection.close());
    return connection;
  };
  const post = headerList([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':authority', 'a.example'],
    [':path', '/echo'],
  ]);

  test('unary, empty, and large both ways, with trailers', async () => {
    const connection = connect();
    for (const size of [0, 1, 65_536, 3_000_000]) {
      const content = pattern(size);
      const answer = await call(connection, post, content);
      expect(answer).toMatchObject({ status: 200, reset: undefined });
      expect(answer.content.equals(content)).toBe(true);
      expect(answer.trailers?.get('grpc-status')).toBe('0');
    }
  });

  test('100 calls at once', async () => {
    const connection = connect();
    const content = pattern(20_000);
    const answers = await Promise.all(Array.from({ length: 100 }, () => call(connection, post, content)));
    expect(answers.every((answer) => answer.content.equals(content))).toBe(true);
  });

  test('a server that goes away in mid-call', async () => {
    const connection = connect();
    server.once('session', (session) => closers.push(() => session.destroy()));
    server.once('stream', (stream) => stream.session?.destroy());
    const answer = await call(connection, post, pattern(10));
    expect(answer.reset).toMatchObject({ unprocessed: false });
    expect(connection.closed).toBe(true);
  });

  test('a port where nobody listens: the stream never left', async () => {
    const loop = new SocketLoop();
    const connection: Connection<PendingCall> = connectHttp2({
      loop,
      host: '127.0.0.1',
      port: 1,
      events: clientEvents(() => connection),
    });
    const answer = await call(connection, post);
    expect(answer.reset).toMatchObject({ cause: 'connection', unprocessed: true, reason: 'ECONNREFUSED' });
  });
});

test(`random header lists survive HPACK both ways, node:http2 on the other side (TEST_SEED=${seed})`, async () => {
  const echoHeaders = (connection: () => Connection): ReturnType<typeof echoing> => ({
    ...echoing(connection),
    onHeaders: (stream, block) => {
      const custom = block.fields.filter(({ name }) => name.startsWith('x-'));
      const inputs = custom.map(({ name, value, sensitive }): HeaderInput =>
        sensitive ? [name, value, 'sensitive'] : [name, value],
      );
      connection().sendHeaders(stream, headerList([[':status', '200'], ...inputs]), true);
    },
  });
  const server = await startServer(echoHeaders);
  closers.push(server.close);
  const session = await nodeSession(server.port);
  const anyList = fc.uniqueArray(fc.tuple(anyName, anyValue, fc.boolean()), {
    selector: ([name]) => name,
    maxLength: 20,
  });
  for (const list of fc.sample(anyList, { numRuns: 300, seed })) {
    const sensitive = list.filter(([, , secret]) => secret).map(([name]) => name);
    const sent = Object.fromEntries(list.map(([name, value]) => [name, value]));
    const outgoing = Object.assign({ ':path': '/', ...sent }, { [http2.sensitiveHeaders]: sensitive });
    const request = session.request(outgoing);
    const [received] = (await once(request, 'response')) as [Record<string | symbol, unknown>];
    const secret = (received[http2.sensitiveHeaders] ?? []) as string[];
    expect(Object.fromEntries(Object.entries(received))).toEqual({ ':status': 200, ...sent });
    expect([...secret].sort()).toEqual([...sensitive].sort());
  }
});
