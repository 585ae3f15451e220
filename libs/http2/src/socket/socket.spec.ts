import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Connection } from '../connection/connection.ts';
import { bufferPool } from '../flow/buffer-pool.ts';
import { CLIENT_PREFACE } from '../frames/constants.ts';
import { headerList } from '../headers/block.ts';
import { answering, echoing, startServer } from '../testing/responding-server.ts';
import { call, clientEvents, type PendingCall } from '../testing/client-call.ts';
import * as wire from '../testing/wire.ts';
import { connectHttp2 } from './connect.ts';
import { SocketLoop } from './loop.ts';
import { createHttp2Server } from './serve.ts';
import { StartingSockets } from './starting-sockets.ts';
import { TlsHandshakes } from './tls-handshakes.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closers.splice(0).reverse()) await close();
});

const post = headerList(wire.postFields, { reusable: true });

/** Raw bytes to a server, after the preface. */
async function rawClient(port: number, ...frames: Buffer[]): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  closers.push(() => socket.destroy());
  socket.write(Buffer.concat([Buffer.from(CLIENT_PREFACE), ...frames]));
  await once(socket, 'connect');
  return socket;
}

/** Buffers of the pool that are in use. A connection of an earlier test may yet give back what it took before. */
function lentFromNowOn() {
  const lent = { takes: 0, buffers: new Set<Buffer>() };
  const [take, give] = [bufferPool.take.bind(bufferPool), bufferPool.give.bind(bufferPool)];
  vi.spyOn(bufferPool, 'take').mockImplementation((size) => {
    const buffer = take(size);
    lent.takes++;
    lent.buffers.add(buffer);
    return buffer;
  });
  vi.spyOn(bufferPool, 'give').mockImplementation((buffer) => {
    lent.buffers.delete(buffer);
    give(buffer);
  });
  return lent;
}

describe('over TLS', () => {
  // A pre-shared key instead of a certificate: nothing to generate, nothing to expire.
  const psk = Buffer.from('0123456789abcdef');
  const shared = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;
  const listen = async (ALPNProtocols?: string[]): Promise<number> => {
    const secure = { ...shared, pskCallback: () => psk };
    const server =
      ALPNProtocols === undefined
        ? createHttp2Server({
            loop: new SocketLoop(),
            tls: new TlsHandshakes(secure, new StartingSockets({ maxStarting: 10, onFailed: () => {} })),
            accept: (connection) => echoing(connection),
          })
        : tls.createServer({ ...secure, ALPNProtocols });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => server.close());
    return (server.address() as AddressInfo).port;
  };
  const connect = (port: number): Connection<PendingCall> => {
    const secure = {
      ...shared,
      pskCallback: () => ({ psk, identity: 'test' }),
      checkServerIdentity: () => undefined,
    };
    const loop = new SocketLoop();
    const events = clientEvents(() => connection);
    const connection: Connection<PendingCall> = connectHttp2({
      loop,
      host: '127.0.0.1',
      port,
      tls: secure,
      events,
    });
    closers.push(() => connection.close());
    return connection;
  };

  test('both roles speak h2 by ALPN, large contents too', async () => {
    const connection = connect(await listen());
    const content = Buffer.alloc(1_000_000, 'tls');
    const answers = await Promise.all([1, 2, 3].map(() => call(connection, post, content)));
    for (const answer of answers) expect(answer.content.equals(content)).toBe(true);
  });

  test('memory for output comes back while a connection lives and when it ends', async () => {
    const lent = lentFromNowOn();
    const connection = connect(await listen());
    const content = Buffer.alloc(1000, 'tls');
    for (let round = 0; round < 30; round++) await call(connection, post, content);
    // Each side has one slab for urgent frames and one for the others.
    expect(lent.takes).toBeLessThan(15);
    connection.close();
    await expect.poll(() => lent.buffers.size).toBe(0);
  });

  test('a server that speaks something else is refused before a stream leaves', async () => {
    const answer = await call(connect(await listen(['http/1.1'])), post);
    expect(answer.reset).toMatchObject({ cause: 'connection', unprocessed: true });
  });
});

test('a connection error sends GOAWAY and then closes the socket', async () => {
  const server = await startServer(echoing);
  closers.push(server.close);
  const socket = await rawClient(server.port, wire.settings(), wire.data(0, 'x'));
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  const decoder = new wire.Harness({ raw: true }).decoder;
  expect(wire.describeFrames(Buffer.concat(chunks), decoder).at(-1)).toBe('GOAWAY 0 PROTOCOL_ERROR');
});

test('an attacker that does not read its GOAWAY loses the socket all the same', async () => {
  const server = await startServer(echoing);
  closers.push(server.close);
  const open = promisify(server.server.getConnections.bind(server.server));
  const socket = net.connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
  closers.push(() => socket.destroy());
  socket.pause();
  socket.write(Buffer.concat([Buffer.from(CLIENT_PREFACE), wire.settings(), wire.data(0, 'x')]));
  await expect.poll(() => server.connections[0]?.closed).toBe(true);
  await expect.poll(open).toBe(0);
});

test('a client that does not read stops its own upload: nothing piles up', async () => {
  const server = await startServer(echoing);
  closers.push(server.close);
  const huge = wire.settings([4, 0x7fff_ffff]);
  const socket = await rawClient(
    server.port,
    huge,
    wire.settingsAck(),
    wire.windowUpdate(0, 0x7000_0000),
    wire.headers(1),
  );
  socket.pause();
  await once(socket, 'readable').catch(() => undefined);
  const chunk = wire.data(1, Buffer.alloc(16_384));
  const connection = server.connections[0]!;
  // It sends as the windows allow: 256 KiB of stream window, and what comes back is never read.
  for (let count = 0; count < 15; count++) socket.write(chunk);
  await new Promise<void>((resolve) => socket.write(wire.ping(), () => resolve()));
  expect(connection.unsentBytes).toBeLessThan(300_000);
  expect(connection.heldBytes).toBeLessThanOrEqual(262_144);
  expect(connection.closed).toBe(false);
});

test('answers without content to a client that does not read are bounded too', async () => {
  const large = headerList([
    [':status', '200'],
    ['x-large', 'x'.repeat(10_000)],
  ]);
  const limits = { maxUnsentBytes: 200_000, windowUpdates: { burst: 1e9, perSecond: 0 } };
  const ended: unknown[] = [];
  const events = (connection: () => Connection): ReturnType<typeof echoing> => ({
    ...echoing(connection),
    onHeaders: (stream) => connection().sendHeaders(stream, large, true),
    onClose: (error) => ended.push(error),
  });
  const server = await startServer(events, { limits });
  closers.push(server.close);
  const socket = await rawClient(server.port, wire.settings(), wire.settingsAck());
  socket.pause();
  socket.on('error', () => undefined);
  for (let id = 1; ended.length === 0; id += 2) {
    const request = wire.headers(id, wire.postFields, true);
    await new Promise<void>((resolve) => socket.write(request, () => setImmediate(resolve)));
    const connection = server.connections[0];
    // One turn may write four times as much before it is known that nobody reads.
    if (connection !== undefined) expect(connection.unsentBytes).toBeLessThan(4 * 200_000 + 20_000);
  }
  expect(ended[0]).toMatchObject({ code: 'H2_ENHANCE_YOUR_CALM' });
});

describe('a client without TLS', () => {
  const start = async () => {
    const server = await startServer((connection) => answering(connection, Buffer.from('ok')));
    closers.push(server.close);
    const socket = net.connect(server.port, '127.0.0.1');
    closers.push(() => socket.destroy());
    await once(socket, 'connect');
    return { server, socket };
  };

  test.each(['GET / HTTP/1.1\r\nhost: a\r\n\r\n', 'POST /echo.EchoServer/SayHello HTTP/1.0\r\n\r\n'])(
    'of HTTP/1 is told so in its own words, and nothing else: %j',
    async (request) => {
      const { server, socket } = await start();
      socket.write(request);
      const chunks = (await socket.toArray()) as Buffer[];
      const [head, body] = Buffer.concat(chunks).toString('latin1').split('\r\n\r\n');
      expect(head).toMatch(/^HTTP\/1\.1 505 HTTP Version Not Supported\r\n/);
      expect(head).toContain(`content-length: ${body!.length}`);
      expect(body).toMatch(/^This port speaks HTTP\/2 without TLS/);
      expect(server.connections[0]!.closed).toBe(true);
    },
  );

  test.each(['\x16\x03\x01 a TLS handshake', 'INVALID CONNECTION PREFACE\r\n\r\n'])(
    'that speaks neither gets a GOAWAY after our preface: %j',
    async (begin) => {
      const { socket } = await start();
      socket.write(begin);
      const chunks = (await socket.toArray()) as Buffer[];
      const bytes = Buffer.concat(chunks);
      expect(bytes[3]).toBe(0x4); // SETTINGS
      expect(bytes.toString('latin1')).toContain('not HTTP/2');
    },
  );
});

test('all answers of one turn leave in one write', async () => {
  const server = await startServer((connection) => answering(connection, Buffer.from('ok')));
  closers.push(server.close);
  const socket = await rawClient(server.port, wire.settings(), wire.settingsAck());
  await once(socket, 'data');
  let writes = 0;
  for (const serverSide of server.sockets) {
    const write = serverSide.write.bind(serverSide);
    serverSide.write = (bytes: Uint8Array) => {
      writes++;
      return write(bytes);
    };
  }
  const requests = Array.from({ length: 50 }, (_, index) =>
    wire.headers(index * 2 + 1, wire.postFields, true),
  );
  socket.write(Buffer.concat(requests));
  await once(socket, 'data');
  expect(writes).toBe(1);
});

test('the answer to a PING leaves in the end, when there is nothing to leave with', async () => {
  const server = await startServer(echoing);
  closers.push(server.close);
  const socket = await rawClient(server.port, wire.settings(), wire.ping('12345678'));
  let received = '';
  for await (const chunk of socket) {
    if (received === '') socket.write(wire.ping('23456789'));
    received += (chunk as Buffer).toString('latin1');
    if (received.includes('23456789')) break;
  }
  expect(received).toContain('12345678');
});
