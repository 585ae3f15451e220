import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GrpcClient } from '../testing/grpc-client.ts';
import { oneService, startProxy, type RunningProxy } from '../testing/harness.ts';
import {
  frame,
  headers,
  hello,
  ids,
  openAndReset,
  rawClient,
  request,
  settingsAck,
  times,
  update,
  windowOf,
} from '../testing/raw-frames.ts';
import { growthDuring, measuredHeap } from '../testing/memory-growth.ts';
import { startProxyProcess, type ProxyProcess } from '../testing/proxy-process.ts';
import { grpcMessage, scriptedBackend, type ScriptedBackend } from '../testing/scripted-backend.ts';

/*
 * Attacks by a socket, on the proxy as a process of its own with an endpoint behind it. The engine's own tests cross each
 * limit byte by byte (libs/http2/src/connection/attacks/); here: the attacker is closed, the memory of the process
 * stays, and others' calls go on.
 */

const mebibyte = 1024 * 1024;
const mostGrowthBytes = 32 * mebibyte;
const mostRounds = 2000;
/** Before it is measured: what V8 takes for its heap in any case is no growth. */
const warmUpCalls = 3000;

/** The windows of HTTP/2 are wide open; if the socket is not read, TCP's own is shut. */
const wideOpen = Buffer.concat([hello, windowOf(0x7fff_ffff), update(0, 0x7fff_0000 - 65_535)]);
/** What is sent in each round, until the proxy has had enough. The endpoint answers each request with a mebibyte. */
const floods: Record<string, (round: number) => Buffer> = {
  'data dribble (CVE-2019-9511)': (round) =>
    Buffer.concat([
      round === 0 ? Buffer.concat([windowOf(1), headers(1)]) : Buffer.alloc(0),
      times(100, update(1, 1)),
    ]),
  'pings (CVE-2019-9512)': () => times(500, frame(6, 0, 0, Buffer.alloc(8))),
  'priorities (resource loop, CVE-2019-9513)': () => times(500, frame(2, 0, 1, Buffer.from([0, 0, 0, 0, 1]))),
  'rapid reset (CVE-2019-9514, CVE-2023-44487)': (round) => Buffer.concat(ids(200, round).map(openAndReset)),
  'settings (CVE-2019-9515)': () => times(500, frame(4, 0, 0)),
  'header fields without name and value (CVE-2019-9516)': (round) =>
    Buffer.concat(
      ids(200, round).map((id) => headers(id, true, Buffer.concat([request, Buffer.alloc(300)]))),
    ),
  'empty DATA (CVE-2019-9518)': (round) =>
    Buffer.concat([round === 0 ? headers(1, false) : Buffer.alloc(0), times(500, frame(0, 0, 1))]),
  'CONTINUATION (2024)': (round) =>
    Buffer.concat([
      round === 0 ? frame(1, 1, 1, request) : Buffer.alloc(0),
      times(50, frame(9, 0, 1, request)),
    ]),
  'resets that malformed requests provoke (MadeYouReset, CVE-2025-8671)': (round) =>
    Buffer.concat(ids(200, round).map((id) => headers(id, true, Buffer.from([0x83, 0x86])))),
  'resets that bad window updates provoke (MadeYouReset, CVE-2025-8671)': (round) =>
    Buffer.concat(ids(200, round).flatMap((id) => [headers(id, false), update(id, 0)])),
  'header fields of one byte against a closed window (HPACK bomb, 2026)': (round) => {
    const bomb = Buffer.concat([request, Buffer.alloc(5000, 0x90)]);
    return Buffer.concat([windowOf(0), ...ids(50, round).map((id) => headers(id, true, bomb))]);
  },
  'window overflow': () => update(0, 0x7fff_ffff),
};

describe('an attacker is closed, memory stays, other clients do not notice', () => {
  let backend: ScriptedBackend;
  let proxy: ProxyProcess;
  let other: GrpcClient;
  beforeAll(async () => {
    const large = grpcMessage(Buffer.alloc(mebibyte));
    backend = await scriptedBackend({
      onEnd: (call) => {
        if (call.headers.get(':authority') !== 'x') return call.reply();
        call.answer();
        call.send(large);
        call.trailers();
      },
    });
    // One process, with a small heap, survives them all one after the other.
    const flags = ['--stalled-client-timeout', '2s'];
    proxy = await startProxyProcess(oneService([backend.address]), flags, measuredHeap(192));
    other = new GrpcClient(proxy.address);
    for (let count = 0; count < warmUpCalls; count += 50) {
      await Promise.all(Array.from({ length: 50 }, () => other.unary()));
    }
  });
  afterAll(async () => {
    other.close();
    await proxy[Symbol.asyncDispose]();
    await backend.close();
  });
  it.each(Object.keys(floods))('%s', async (name) => {
    const growth = await growthDuring({ proxy, other }, async (look) => {
      const socket = await rawClient(proxy.port);
      for (let round = 0; !socket.destroyed && round < mostRounds; round++) {
        socket.write(floods[name]!(round));
        await new Promise(setImmediate);
        if (socket.writableNeedDrain) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
        if (round % 20 === 0) await look();
      }
      expect(socket.destroyed).toBe(true);
    });
    expect(growth.heldBytes).toBeLessThan(mostGrowthBytes);
    expect(growth.rssBytes).toBeLessThan(mostGrowthBytes);
  });

  it('asking for much and not reading it (internal data buffering, CVE-2019-9517)', async () => {
    const connections = async () => (await proxy.status()).listeners[0]!.connections;
    const before = await connections();
    const growth = await growthDuring({ proxy, other }, async (look) => {
      const socket = connect(proxy.port, '127.0.0.1').on('error', () => {});
      await once(socket, 'connect');
      socket.pause().write(Buffer.concat([wideOpen, ...ids(100).map((id) => headers(id))]));
      await expect.poll(connections).toBe(before + 1);
      while ((await connections()) > before) await look();
      socket.destroy();
    });
    expect(growth.heldBytes).toBeLessThan(mostGrowthBytes);
    expect(growth.rssBytes).toBeLessThan(mostGrowthBytes);
    await expect.poll(async () => (await proxy.status()).services[0]!.underWay).toBe(0);
    await expect.poll(() => proxy.metrics()).toContain('evenly_proxy_buffered_bytes 0\n');
  });
});

describe('what an attacker can hold', () => {
  const answersMuch = (bytes: number) =>
    scriptedBackend({
      onEnd: (call) => {
        if (call.headers.get(':authority') !== 'x') return call.reply();
        call.answer();
        call.send(grpcMessage(Buffer.alloc(bytes)));
        call.trailers();
      },
    });
  const held = async (proxy: RunningProxy) =>
    Number(/buffered_bytes (\d+)/.exec(await proxy.metrics.metrics())![1]);

  it('who lets nothing come holds no more than the windows, and nobody else waits for it', async () => {
    await using backend = await answersMuch(mebibyte);
    await using proxy = await startProxy(oneService([backend.address]));
    const socket = await rawClient(proxy.port);
    const requests = ids(50).map((id) => headers(id));
    socket.write(Buffer.concat([settingsAck, windowOf(0), ...requests]));
    await expect.poll(() => held(proxy)).toBeGreaterThan(50 * 262_144);
    expect(await held(proxy)).toBeLessThan(50 * 264_500);
    const other = new GrpcClient(proxy.address);
    // They come by the same connection to the endpoint as what the attacker does not take.
    for (let count = 0; count < 20; count++) {
      expect(await other.unary('ping', { deadlineMs: 5000 })).toMatchObject({ code: 'OK' });
    }
    expect(await held(proxy)).toBeLessThan(50 * 264_500);
    expect(proxy.status().services[0]!.endpoints[0]!.connections).toBe(1);
    socket.destroy();
    await expect.poll(() => proxy.status().services[0]!.underWay).toBe(0);
    expect(await held(proxy)).toBe(0);
    other.close();
  });

  it('who lets nothing come while memory is scarce is closed; who holds little is not', async () => {
    await using backend = await answersMuch(mebibyte);
    const flags = ['--stalled-client-timeout', '1s', '--buffer-total-bytes', String(8 * mebibyte)];
    await using proxy = await startProxy(oneService([backend.address]), flags);
    const honest = await rawClient(proxy.port);
    honest.write(Buffer.concat([settingsAck, windowOf(0), headers(1)]));
    await expect.poll(() => held(proxy)).toBeGreaterThan(262_144);
    const alone = await held(proxy);
    const socket = await rawClient(proxy.port);
    const closed = once(socket, 'close');
    socket.write(Buffer.concat([settingsAck, windowOf(0), ...ids(50).map((id) => headers(id))]));
    const other = new GrpcClient(proxy.address);
    await closed;
    expect(await other.unary()).toMatchObject({ code: 'OK' });
    await expect.poll(() => held(proxy)).toBe(alone);
    expect(honest.destroyed).toBe(false);
    honest.destroy();
    other.close();
  });

  it('who reads slowly is no attacker, however much waits for it', async () => {
    await using backend = await answersMuch(mebibyte);
    await using proxy = await startProxy(oneService([backend.address]), ['--stalled-client-timeout', '2s']);
    const socket = connect(proxy.port, '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    const calls = 48;
    socket.pause().write(Buffer.concat([wideOpen, ...ids(calls).map((id) => headers(id))]));
    // A mebibyte in a tenth of a second: all of it takes twice as long as one may take who reads nothing.
    let read = 0;
    for (let paceBytes = 0; read < calls * mebibyte;) {
      const piece = socket.read() as Buffer | null;
      if (piece === null) {
        await once(socket, 'readable');
        continue;
      }
      read += piece.length;
      paceBytes += piece.length;
      if (paceBytes < mebibyte) continue;
      paceBytes = 0;
      await delay(100);
    }
    expect(proxy.status().listeners[0]!.connections).toBe(1);
    socket.destroy();
  });

  it('what a client cancels counts as its streams until the endpoint has had time to stop', async () => {
    await using backend = await scriptedBackend({});
    await using proxy = await startProxy(oneService([backend.address]), [
      '--max-streams',
      '10',
      '--cancel-hold',
      '60s',
    ]);
    const socket = await rawClient(proxy.port);
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
