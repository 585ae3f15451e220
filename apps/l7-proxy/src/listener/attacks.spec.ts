import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { oneService, startProxy } from '../testing/harness.ts';
import { grpcMessage, scriptedBackend } from '../testing/scripted-backend.ts';

/*
 * Attacks by a socket, with a proxy and an endpoint behind it. The engine's own tests cross each limit byte by byte
 * (libs/http2/src/connection/attacks.spec.ts); here: the attacker is closed, memory stays, and others' calls go on.
 */

const mostGrowthBytes = 32 * 1024 * 1024;
const mostRounds = 2000;

function frame(type: number, flags: number, id: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}

const preface = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0)]);
/** :method POST, :scheme http, :path /, :authority x. */
const request = Buffer.from([0x83, 0x86, 0x84, 0x01, 0x01, 0x78]);
const headers = (id: number, end = true, block = request) => frame(1, end ? 5 : 4, id, block);
const openAndReset = (id: number) =>
  Buffer.concat([headers(id, false), frame(3, 0, id, Buffer.from([0, 0, 0, 8]))]);
const times = (count: number, bytes: Buffer) => Buffer.concat(Array<Buffer>(count).fill(bytes));
/** Identifiers of streams: odd, and higher with each round. */
const ids = (count: number, round = 0) =>
  Array.from({ length: count }, (_, index) => (round * count + index) * 2 + 1);

/** What is sent in each round, until the proxy has had enough. */
const floods: Record<string, (round: number) => Buffer> = {
  'rapid reset': (round) => Buffer.concat(ids(200, round).map(openAndReset)),
  'resets that malformed requests provoke (MadeYouReset)': (round) =>
    Buffer.concat(ids(200, round).map((id) => headers(id, true, Buffer.from([0x83, 0x86])))),
  pings: () => times(500, frame(6, 0, 0, Buffer.alloc(8))),
  settings: () => times(500, frame(4, 0, 0)),
  priorities: () => times(500, frame(2, 0, 1, Buffer.from([0, 0, 0, 0, 1]))),
  'empty DATA': (round) =>
    Buffer.concat([round === 0 ? headers(1, false) : Buffer.alloc(0), times(500, frame(0, 0, 1))]),
  CONTINUATION: (round) =>
    Buffer.concat([
      round === 0 ? frame(1, 1, 1, request) : Buffer.alloc(0),
      times(50, frame(9, 0, 1, request)),
    ]),
  'header fields of one byte (HPACK bomb)': (round) => {
    const bomb = Buffer.concat([request, Buffer.alloc(5000, 0x90)]);
    return Buffer.concat(ids(50, round).map((id) => headers(id, true, bomb)));
  },
  'window overflow': () => frame(8, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])),
};

describe('an attacker is closed, memory stays, other clients do not notice', () => {
  it.each(Object.keys(floods))('%s', async (name) => {
    await using backend = await scriptedBackend({ onEnd: (call) => call.reply() });
    await using proxy = await startProxy(oneService([backend.address]));
    const other = new GrpcClient(proxy.address);
    expect(await other.unary()).toMatchObject({ code: 'OK' });
    const before = process.memoryUsage().rss;

    const socket = await attack(proxy.port);
    for (let round = 0; !socket.destroyed && round < mostRounds; round++) {
      socket.write(floods[name]!(round));
      await new Promise(setImmediate);
      if (socket.writableNeedDrain) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
      if (round % 20 === 0) expect(await other.unary()).toMatchObject({ code: 'OK' });
    }
    expect(socket.destroyed).toBe(true);
    expect(await other.unary()).toMatchObject({ code: 'OK' });
    expect(process.memoryUsage().rss - before).toBeLessThan(mostGrowthBytes);
    other.close();
  });

  it('who asks for much and reads nothing holds no more than the windows, and stops nobody', async () => {
    const large = grpcMessage(Buffer.alloc(1024 * 1024));
    await using backend = await scriptedBackend({
      onEnd: (call) => {
        if (call.headers.get(':authority') !== 'x') return call.reply();
        call.answer();
        call.send(large);
        call.trailers();
      },
    });
    await using proxy = await startProxy(oneService([backend.address]));
    const noWindow = frame(4, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0]));
    const socket = await attack(proxy.port);
    socket.write(Buffer.concat([noWindow, ...ids(50).map((id) => headers(id))]));
    await expect.poll(() => backend.calls.length).toBe(50);
    const other = new GrpcClient(proxy.address);
    for (let count = 0; count < 20; count++) expect(await other.unary()).toMatchObject({ code: 'OK' });
    const [, held] = /buffered_bytes (\d+)/.exec(await proxy.metrics.metrics())!;
    expect(Number(held)).toBeLessThanOrEqual(50 * 262_144);
    socket.destroy();
    await expect.poll(() => proxy.status().services[0]!.underWay).toBe(0);
    expect(await proxy.metrics.metrics()).toContain('evenly_proxy_buffered_bytes 0\n');
    other.close();
  });

  it('what a client cancels counts as its streams until the endpoint has had time to stop', async () => {
    await using backend = await scriptedBackend({});
    await using proxy = await startProxy(oneService([backend.address]), [
      '--max-streams',
      '10',
      '--cancel-hold',
      '60s',
    ]);
    const socket = await attack(proxy.port);
    await expect.poll(() => proxy.status().services[0]!.endpoints[0]!.state).toBe('ready');
    socket.write(Buffer.concat(ids(50).map(openAndReset)));
    await expect.poll(() => backend.calls.filter(({ resetCode }) => resetCode === 8).length).toBe(10);
    // The other forty were refused by the proxy: this comes behind them, and they never reached the endpoint.
    const other = new GrpcClient(proxy.address);
    void other.unary();
    await expect.poll(() => backend.calls.some(({ ended }) => ended)).toBe(true);
    expect(backend.calls).toHaveLength(11);
    socket.destroy();
    other.close();
  });
});

async function attack(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  socket.write(preface);
  return socket.resume();
}
