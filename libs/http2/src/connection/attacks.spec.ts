import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../errors.ts';
import { Flag, FrameType } from '../frames/constants.ts';
import { headerList, type HeaderInput } from '../headers/block.ts';
import { defaultLimits } from '../limits.ts';
import { MemoryBudget } from '../memory/budget.ts';
import * as wire from '../testing/wire.ts';
import { Harness } from '../testing/wire.ts';
import type { Stream } from './stream.ts';

const { frame, headers, data, settings, windowUpdate, rst, ping, postFields } = wire;
const ok = headerList(wire.okFields);
const MOST = 20_000;

/** Feeds what `next` makes until the connection ends, reading (or not) what comes back; returns how many it took. */
function attack(harness: Harness, next: (round: number) => Buffer[], reads = true): number {
  for (let round = 0; round < MOST; round++) {
    harness.feed(...next(round));
    if (reads) harness.take();
    if (harness.closedWith !== 'open') return round + 1;
  }
  throw new Error(`not closed after ${MOST} rounds`);
}

const streamId = (round: number): number => round * 2 + 1;

describe('an attacker that crosses a limit is closed with ENHANCE_YOUR_CALM', () => {
  test('CVE-2019-9511 data dribble: windows of one byte', () => {
    const harness = new Harness();
    harness.feed(settings([4, 0]), headers(1));
    harness.connection.sendHeaders(harness.streams[0]!, ok, false);
    harness.connection.sendData(harness.streams[0]!, Buffer.alloc(100_000), 0, 100_000, true);
    const taken = attack(harness, () => [windowUpdate(1, 1)]);
    expect(harness.closeCode).toBe('ENHANCE_YOUR_CALM');
    expect(taken).toBe(defaultLimits.tinyData.burst + 1);
  });

  test('CVE-2019-9512 ping flood', () => {
    const harness = new Harness();
    expect(attack(harness, () => [ping()])).toBe(defaultLimits.pings.burst + 1);
    expect(harness.closeCode).toBe('ENHANCE_YOUR_CALM');
  });

  test('CVE-2019-9512 pings whose answers it does not read: bounded in bytes', () => {
    const harness = new Harness({ limits: { pings: { burst: 1e9, perSecond: 0 }, maxUnsentBytes: 100_000 } });
    attack(harness, () => [ping()], false);
    expect(harness.closeCode).toBe('ENHANCE_YOUR_CALM');
    expect(harness.connection.unsentBytes).toBeLessThan(100_000 + 1000);
  });

  test('CVE-2019-9513 resource loop: priorities shuffled', () => {
    const harness = new Harness();
    const priority = (round: number): Buffer =>
      frame(FrameType.PRIORITY, 0, 1, [0, 0, 0, (round % 50) * 2 + 3, 9]);
    expect(attack(harness, (round) => [priority(round)])).toBe(defaultLimits.priorities.burst + 1);
    expect(harness.closeCode).toBe('ENHANCE_YOUR_CALM');
  });

  test('the same with frames of unknown type', () => {
    const harness = new Harness();
    expect(attack(harness, () => [frame(0x77, 0, 0)])).toBe(defaultLimits.priorities.burst + 1);
  });

  test('CVE-2019-9514 reset flood: malformed requests make us send the resets', () => {
    const harness = new Harness();
    const malformed = (round: number): Buffer => headers(streamId(round), [[':method', 'GET']], true);
    expect(attack(harness, (round) => [malformed(round)])).toBe(defaultLimits.resets.burst + 1);
    expect(harness.closeCode).toBe('ENHANCE_YOUR_CALM');
  });

  test('CVE-2019-9515 settings flood', () => {
    const harness = new Harness();
    const taken = attack(harness, () => [settings([4, 65_535])]);
    expect(taken).toBe(defaultLimits.settings.burst); // one came with the preface
    expect(harness.closeCode).toBe('ENHANCE_YOUR_CALM');
  });

  test('CVE-2019-9518 empty frames: DATA, padded DATA', () => {
    for (const empty of [data(1, ''), frame(FrameType.DATA, Flag.PADDED, 1, [3, 0, 0, 0])]) {
      const harness = new Harness().feed(headers(1));
      expect(attack(harness, () => [empty])).toBe(defaultLimits.emptyFrames.burst + 1);
      expect(harness.closeCode).toBe('ENHANCE_YOUR_CALM');
    }
  });

  test.each([0, 1, 16_000])(
    'CONTINUATION flood (2024), and of CVE-2019-9518, with frames of %d bytes',
    (size) => {
      const harness = new Harness();
      harness.feed(frame(FrameType.HEADERS, 0, 1, [0x82]));
      const taken = attack(harness, () => [frame(FrameType.CONTINUATION, 0, 1, Buffer.alloc(size, 0x82))]);
      expect(taken).toBeLessThanOrEqual(defaultLimits.maxContinuationFrames + 1);
      expect(harness.closeCode).toBe('ENHANCE_YOUR_CALM');
    },
  );

  test('CVE-2023-44487 rapid reset', () => {
    const harness = new Harness();
    const taken = attack(harness, (round) => [
      headers(streamId(round)),
      rst(streamId(round), ErrorCode.CANCEL),
    ]);
    expect(taken).toBe(defaultLimits.resets.burst + 1);
    expect(harness.connection.streamCount).toBe(0);
  });

  test.each<[string, (id: number) => Buffer]>([
    ['WINDOW_UPDATE of 0', (id) => windowUpdate(id, 0)],
    ['a window above 2^31-1', (id) => windowUpdate(id, 0x7fff_ffff)],
    ['PRIORITY of the wrong length', (id) => frame(FrameType.PRIORITY, 0, id, [1])],
    ['a stream that depends on itself', (id) => frame(FrameType.PRIORITY, 0, id, [...wire.uint32(id), 1])],
    ['HEADERS in mid-stream', (id) => headers(id, [['x', 'y']])],
  ])('CVE-2025-8671 MadeYouReset by %s', (_name, violation) => {
    const harness = new Harness();
    attack(harness, (round) => [headers(streamId(round)), violation(streamId(round))]);
    expect(harness.closeCode).toBe('ENHANCE_YOUR_CALM');
  });

  test('WINDOW_UPDATE flood', () => {
    const harness = new Harness();
    expect(attack(harness, () => [windowUpdate(0, 1)])).toBe(defaultLimits.windowUpdates.burst + 1);
  });

  test('slow and steady stays below: limits refill with time', () => {
    const harness = new Harness();
    for (let second = 0; second < 100; second++) {
      for (let count = 0; count < defaultLimits.pings.perSecond; count++) harness.feed(ping());
      harness.take();
      harness.tick(1000);
    }
    expect(harness.closeCode).toBe('open');
  });
});

describe('streams whose work still runs count, reset or not', () => {
  const holding = (): Harness => {
    const held: Harness = new Harness({
      limits: { maxConcurrentStreams: 3 },
      events: { onHeaders: (stream) => (held.connection.hold(stream), void held.streams.push(stream)) },
    });
    return held;
  };

  test.each<[string, (id: number) => Buffer]>([
    ['reset by the client', (id) => rst(id, ErrorCode.CANCEL)],
    ['made to be reset by us', (id) => windowUpdate(id, 0)],
  ])('when %s', (_name, end) => {
    const harness = holding();
    for (const id of [1, 3, 5]) harness.feed(headers(id), end(id));
    harness.output();
    harness.feed(headers(7));
    expect(harness.output()).toEqual(['RST_STREAM 7 REFUSED_STREAM']);
    harness.connection.release(harness.streams[0]!);
    harness.feed(headers(9));
    expect(harness.streams.map((stream: Stream) => stream.id)).toEqual([1, 3, 5, 9]);
  });
});

describe('header bombs', () => {
  test('one-byte indexed fields (June 2026): the count is capped, nothing is built', () => {
    const harness = new Harness();
    const large: HeaderInput = [':path', `/${'x'.repeat(200)}`];
    const insert = Buffer.concat([Buffer.from([0x44, 0x7f, 201 - 127]), Buffer.from(large[1])]);
    harness.feed(frame(FrameType.HEADERS, Flag.END_HEADERS, 1, insert)); // malformed, but inserted
    const bomb = frame(FrameType.HEADERS, Flag.END_HEADERS, 3, Buffer.alloc(16_000, 0xbe));
    harness.feed(bomb);
    expect(harness.output()).toEqual(['RST_STREAM 1 PROTOCOL_ERROR', 'RST_STREAM 3 ENHANCE_YOUR_CALM']);
    expect(harness.log).toEqual([]);
    attack(harness, (round) => [
      Buffer.concat([bomb.subarray(0, 5), wire.uint32(round * 2 + 5), bomb.subarray(9)]),
    ]);
    expect(harness.closeCode).toBe('ENHANCE_YOUR_CALM');
  });

  test('CVE-2019-9516 fields without name or value', () => {
    const harness = new Harness();
    harness.feed(frame(FrameType.HEADERS, Flag.END_HEADERS, 1, Buffer.alloc(3 * 1000)));
    expect(harness.output()).toEqual(['RST_STREAM 1 ENHANCE_YOUR_CALM']);
    expect(harness.log).toEqual([]);
  });

  test('each field counts 32 bytes more than it has', () => {
    const harness = new Harness({ limits: { maxHeaderListBytes: 400, maxHeaderFields: 1000 } });
    const empties = Array.from({ length: 10 }, (_, index): HeaderInput => [`x${index}`, '']);
    harness.feed(headers(1, [...postFields, ...empties]));
    expect(harness.output()).toEqual(['RST_STREAM 1 ENHANCE_YOUR_CALM']);
  });
});

describe('a peer that does not read', () => {
  const answered = (harness: Harness, bytes: number): Stream => {
    harness.feed(headers(1));
    const stream = harness.streams[0]!;
    harness.connection.sendHeaders(stream, ok, false);
    harness.connection.sendData(stream, Buffer.alloc(bytes), 0, bytes, false);
    return stream;
  };

  test('CVE-2019-9517 internal data buffering: with windows open and TCP closed, DATA stays in its bounded queue', () => {
    const harness = new Harness({ limits: { maxQueuedBytesPerStream: 1_000_000 } });
    harness.feed(settings([4, 0x7fff_ffff]), windowUpdate(0, 0x7000_0000));
    harness.connection.setWritable(false);
    const stream = answered(harness, 900_000);
    expect(stream.queuedBytes).toBe(900_000);
    expect(harness.connection.unsentBytes).toBeLessThan(1000);
    harness.connection.sendData(stream, Buffer.alloc(200_000), 0, 200_000, false);
    expect(harness.resets[0]).toMatchObject({ cause: 'limit', code: ErrorCode.CANCEL });
    expect(stream.queuedBytes).toBe(0);
  });

  test('with TCP closed, ends after writeStallTimeoutMs', () => {
    const harness = new Harness();
    harness.connection.setWritable(false);
    harness.tick(defaultLimits.writeStallTimeoutMs - 1);
    expect(harness.closeCode).toBe('open');
    harness.tick(1);
    expect(harness.closeCode).toBe('ENHANCE_YOUR_CALM');
  });

  test.each([
    ['many bytes wait, of all streams together: ends after fullStallTimeoutMs', 600_000, 'ENHANCE_YOUR_CALM'],
    ['few bytes wait: has more time', 500_000, 'open'],
  ])('CVE-2019-9517 with TCP closed, when %s', (_, bytes, expected) => {
    const harness = new Harness();
    harness.feed(settings([4, 0x7fff_ffff]), windowUpdate(0, 0x7000_0000), headers(1), headers(3));
    harness.connection.setWritable(false);
    for (const stream of harness.streams) {
      harness.connection.sendHeaders(stream, ok, false);
      harness.connection.sendData(stream, Buffer.alloc(bytes), 0, bytes, false);
    }
    harness.tick(defaultLimits.fullStallTimeoutMs - 1);
    expect(harness.closeCode).toBe('open');
    harness.tick(1);
    expect(harness.closeCode).toBe(expected);
  });

  test.each([
    ['half of the memory is used, and much waits', 500_000, 1_100_000, 'ENHANCE_YOUR_CALM'],
    ['half of the memory is used, and little waits', 500_000, 900_000, 'open'],
    ['there is memory enough', 499_999, 1_100_000, 'open'],
  ])('with windows closed, is back-pressure: %s', (_, used, bytes, expected) => {
    const budget = new MemoryBudget(1_000_000);
    budget.share('others').add(used);
    const harness = new Harness({ memory: budget.share('one') });
    harness.feed(settings([4, 0]));
    answered(harness, bytes);
    harness.tick(defaultLimits.fullStallTimeoutMs - 1);
    expect(harness.closeCode).toBe('open');
    harness.tick(1);
    expect(harness.closeCode).toBe(expected);
  });

  test('a slow reader that takes something now and then is no attacker', () => {
    const harness = new Harness();
    harness.feed(settings([4, 0x7fff_ffff]), windowUpdate(0, 0x7000_0000));
    harness.connection.setWritable(false);
    answered(harness, 4_000_000);
    for (let round = 0; round < 20; round++) {
      harness.tick(defaultLimits.fullStallTimeoutMs - 1);
      harness.connection.setWritable(true);
      harness.output();
      harness.connection.setWritable(false);
    }
    expect(harness.closeCode).toBe('open');
  });

  test('with windows closed, has the stream reset after streamStallTimeoutMs without progress', () => {
    const harness = new Harness();
    answered(harness, 70_000);
    harness.tick(defaultLimits.streamStallTimeoutMs - 1).feed(windowUpdate(1, 100), windowUpdate(0, 100));
    harness.tick(defaultLimits.streamStallTimeoutMs - 1);
    expect(harness.resets).toEqual([]);
    harness.tick(1);
    expect(harness.resets[0]).toMatchObject({ cause: 'limit' });
    expect(harness.closeCode).toBe('open');
  });
});

describe('bytes that the application has not consumed', () => {
  const upload = (harness: Harness, id: number, frames: number): void => {
    for (let count = 0; count < frames; count++) harness.feed(data(id, Buffer.alloc(16_000)));
  };
  const local = { initialWindowSize: 65_535, connectionWindowSize: 65_535 };

  test('hold back the credit of the connection above maxHeldBytes, until they are consumed', () => {
    const harness = new Harness({ settings: local, limits: { maxHeldBytes: 60_000 } });
    for (const id of [1, 3]) harness.feed(headers(id));
    upload(harness, 1, 4);
    expect(harness.output()).toEqual(['WINDOW_UPDATE 0 48000']);
    upload(harness, 3, 2);
    expect(harness.output()).toEqual([]);
    harness.connection.consume(harness.streams[0]!, 64_000);
    expect(harness.output()).toEqual(['WINDOW_UPDATE 1 64000', 'WINDOW_UPDATE 0 48000']);
  });

  test('count for all connections of a process together', () => {
    const budget = new MemoryBudget(30_000);
    const [first, second] = [
      new Harness({ settings: local, memory: budget.share('first') }),
      new Harness({ settings: local, memory: budget.share('second') }),
    ];
    for (const harness of [first, second]) harness.feed(headers(1));
    for (const harness of [first, second]) upload(harness, 1, 2);
    expect(budget.usedBytes).toBe(64_000);
    upload(second, 1, 2);
    expect(second.output()).toEqual([]);
    first.feed(rst(1, ErrorCode.CANCEL));
    second.connection.consume(second.streams[0]!, 40_000);
    expect(budget.usedBytes).toBe(24_000);
    expect(second.tick(1).output()).toContain('WINDOW_UPDATE 0 64000');
  });
});

describe('slowness ends the connection', () => {
  test('no preface or SETTINGS', () => {
    const harness = new Harness({ raw: true }).tick(defaultLimits.headerTimeoutMs);
    expect(harness.closeCode).toBe('SETTINGS_TIMEOUT');
  });

  test('no answer to our SETTINGS', () => {
    const harness = new Harness({ raw: true }).feed(
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      settings(),
    );
    expect(harness.tick(defaultLimits.settingsTimeoutMs).closeCode).toBe('SETTINGS_TIMEOUT');
  });

  test.each([
    ['a header block without its CONTINUATION', frame(FrameType.HEADERS, 0, 1, [0x82])],
    ['a HEADERS frame sent byte by byte (slow loris)', headers(1).subarray(0, 12)],
  ])('%s', (_name, bytes) => {
    const harness = new Harness().feed(bytes);
    harness.tick(defaultLimits.headerTimeoutMs - 1);
    expect(harness.closeCode).toBe('open');
    expect(harness.tick(1).closeCode).toBe('ENHANCE_YOUR_CALM');
  });

  test('but not a busy client whose chunks always end inside a frame', () => {
    const harness = new Harness();
    const frames = wire.ping();
    harness.feed(frames.subarray(0, 12));
    for (let second = 0; second < 60; second++) {
      harness.tick(1000).feed(frames.subarray(12), frames.subarray(0, 12));
      harness.take();
    }
    expect(harness.closeCode).toBe('open');
  });

  test('a keepalive PING without an answer; any byte counts as life', () => {
    const harness = new Harness({ limits: { keepaliveIntervalMs: 5000, keepaliveTimeoutMs: 2000 } });
    harness.feed(headers(1)).tick(5000);
    expect(harness.output()).toEqual(['PING']);
    harness.tick(1000).feed(data(1, 'x')).tick(1999);
    expect(harness.closeCode).toBe('open');
    expect(harness.tick(1).finished).toBe(true);
  });

  test('idleness drains, in two phases', () => {
    const harness = new Harness({ limits: { idleTimeoutMs: 60_000 } }).tick(60_000);
    expect(harness.output()).toEqual(['GOAWAY 2147483647 NO_ERROR', 'PING']);
    expect(harness.tick(1000).closeCode).toBe('NO_ERROR');
  });
});
