import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../errors.ts';
import { Flag, FrameType } from '../frames/constants.ts';
import { headerList, type HeaderInput } from '../headers/block.ts';
import { defaultLimits, type Limits } from '../limits.ts';
import { MemoryBudget } from '../memory/budget.ts';
import * as wire from '../testing/wire.ts';
import { Harness, type HarnessOptions } from '../testing/wire.ts';
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
    harness.connection.setWritable(false);
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
      const { maxContinuationFrames, refusedBlockTimes } = defaultLimits;
      expect(taken).toBeLessThanOrEqual(maxContinuationFrames * refusedBlockTimes + 1);
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

describe('what is written because of the other side of a forwarder', () => {
  const answer = headerList([...wire.okFields, ['x-large', 'v'.repeat(10_000)]]);
  const early = headerList([
    [':status', '103'],
    ['x-large', 'v'.repeat(10_000)],
  ]);

  test('headers for a peer that does not read: the connection ends at the limit, whoever wrote', () => {
    const harness = new Harness({ limits: { maxUnsentBytes: 100_000 } });
    for (let id = 1; id < 100; id += 2) harness.feed(headers(id));
    harness.connection.setWritable(false);
    for (const stream of harness.streams) harness.connection.sendHeaders(stream, answer, false);
    expect(harness.closeCode).toBe('ENHANCE_YOUR_CALM');
    expect(harness.connection.unsentBytes).toBeLessThan(100_000 + 11_000);
  });

  test('1xx for a peer that does not read, and had read everything before: the same, at four times as much', () => {
    const harness = new Harness({ limits: { maxUnsentBytes: 100_000 } }).feed(headers(1));
    for (let count = 0; count < 100; count++)
      harness.connection.sendHeaders(harness.streams[0]!, early, false);
    expect(harness.closeCode).toBe('ENHANCE_YOUR_CALM');
    expect(harness.connection.unsentBytes).toBeLessThan(400_000 + 11_000);
  });

  test('a burst within one turn, that is read after it, is no fault', () => {
    const harness = new Harness({ limits: { maxUnsentBytes: 100_000 } });
    for (let turn = 0; turn < 20; turn++) {
      for (let count = 0; count < 30; count++)
        harness.feed(headers(turn * 60 + count * 2 + 1, postFields, true));
      for (const stream of harness.streams.splice(0)) harness.connection.sendHeaders(stream, answer, true);
      harness.take();
    }
    expect(harness.closeCode).toBe('open');
  });

  test('requests to a peer that does not read are not opened, and it is told when they can be', () => {
    let capacity = 0;
    const harness = new Harness({ role: 'client', events: { onCapacity: () => capacity++ } });
    const request = headerList([...postFields, ['x-large', 'v'.repeat(10_000)]]);
    const open = () => harness.connection.open(request, true);
    harness.connection.setWritable(false);
    let opened = 0;
    while (open() !== undefined) opened++;
    expect(opened).toBeGreaterThan(10);
    expect(harness.connection.unsentBytes).toBeLessThan(131_072 + 11_000);
    expect(harness.connection.availableStreams).toBe(0);
    expect(harness.connection.isBlocked).toBe(true);
    expect(harness.connection.exhausted).toBe(false);
    harness.take();
    expect(capacity).toBe(0);
    harness.connection.setWritable(true);
    harness.take();
    expect(capacity).toBe(1);
    // To one that reads, a turn may write more.
    for (opened = 0; open() !== undefined; opened++);
    expect(opened).toBeGreaterThan(90);
    expect(harness.closeCode).toBe('open');
  });

  test('informational responses beyond the limit cost the stream, and no other', () => {
    const harness = new Harness({ role: 'client', limits: { maxInformational: 3 } });
    const streams = [1, 2].map(() => harness.connection.open(headerList(postFields), true)!);
    harness.output();
    for (let count = 0; count < 4; count++) harness.feed(headers(1, [[':status', '103']]));
    expect(harness.resets).toEqual([
      expect.objectContaining({ cause: 'limit', code: ErrorCode.ENHANCE_YOUR_CALM }),
    ]);
    expect(harness.log.filter((word) => word.startsWith('informational'))).toHaveLength(3);
    expect(harness.output()).toEqual(['RST_STREAM 1 ENHANCE_YOUR_CALM']);
    harness.feed(headers(3, wire.okFields, true));
    expect(streams[1]!.closed).toBe(true);
    expect(harness.closeCode).toBe('open');
  });
});

describe('a header block above the limits', () => {
  const limits = { maxHeaderBlockBytes: 20_000, maxHeaderListBytes: 100_000 };
  /** A whole block in HEADERS and CONTINUATION frames of so many bytes. */
  const pieces = (id: number, bytes: Buffer, size = 16_000, endStream = false): Buffer[] =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => {
      const type = index === 0 ? FrameType.HEADERS : FrameType.CONTINUATION;
      const last = (index + 1) * size >= bytes.length ? Flag.END_HEADERS : 0;
      const end = index === 0 && endStream ? Flag.END_STREAM : 0;
      return frame(type, last | end, id, bytes.subarray(index * size, (index + 1) * size));
    });
  const ofSize = (count: number, fields: HeaderInput[]) =>
    wire.block([...fields, ['x-large', '~'.repeat(count)]]);
  /** x-kept: yes, inserted into the table as its newest entry, and that entry. */
  const inserting = Buffer.concat([
    Buffer.from([0x40, 6]),
    Buffer.from('x-kept'),
    Buffer.from([3]),
    Buffer.from('yes'),
  ]);
  const newest = Buffer.from([0xbe]);

  test('costs a request its stream, and no other; the table stays right', () => {
    const harness = new Harness({ limits });
    const large = Buffer.concat([ofSize(30_000, postFields), inserting]);
    harness.feed(headers(1), ...pieces(3, large));
    expect(harness.output()).toEqual(['RST_STREAM 3 ENHANCE_YOUR_CALM']);
    harness.feed(
      frame(FrameType.HEADERS, Flag.END_HEADERS, 5, Buffer.concat([wire.block(postFields), newest])),
    );
    harness.feed(data(1, 'x', true));
    expect(harness.log).toEqual(['request 1 4', 'request 5 5', 'data 1 end x']);
    expect(harness.closeCode).toBe('open');
  });

  test.each<[string, (harness: Harness) => void, boolean]>([
    ['a response', () => undefined, false],
    ['trailers', (harness) => harness.feed(headers(1, wire.okFields)), true],
    ['trailers behind content', (harness) => harness.feed(headers(1, wire.okFields), data(1, 'x')), true],
  ])('costs %s its call, and no other on the connection', (_, before, isTrailers) => {
    const harness = new Harness({ role: 'client', limits });
    harness.connection.open(headerList(postFields), true);
    harness.connection.open(headerList(postFields), true);
    before(harness);
    harness.output();
    const large = Buffer.concat([ofSize(30_000, isTrailers ? [] : wire.okFields), inserting]);
    harness.feed(...pieces(1, large, 16_000, true));
    expect(harness.resets).toEqual([
      expect.objectContaining({ cause: 'limit', code: ErrorCode.ENHANCE_YOUR_CALM, unprocessed: false }),
    ]);
    expect(harness.output()).toEqual(['RST_STREAM 1 ENHANCE_YOUR_CALM']);
    const answer = Buffer.concat([wire.block(wire.okFields), newest]);
    harness.feed(frame(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 3, answer));
    expect(harness.log.at(-2)).toBe('response 3 end 2');
    expect(harness.closeCode).toBe('open');
  });

  test("costs a request's trailers their call", () => {
    const harness = new Harness({ limits }).feed(headers(1), headers(3));
    harness.feed(...pieces(1, ofSize(30_000, []), 16_000, true));
    expect(harness.output()).toEqual(['RST_STREAM 1 ENHANCE_YOUR_CALM']);
    expect(harness.resets).toHaveLength(1);
    expect(harness.connection.streamCount).toBe(1);
  });

  test('the same for too many CONTINUATION frames', () => {
    const harness = new Harness({ limits: { maxContinuationFrames: 3 } });
    harness.feed(...pieces(1, ofSize(4500, postFields), 1000), headers(3));
    expect(harness.output()).toEqual(['RST_STREAM 1 ENHANCE_YOUR_CALM']);
    expect(harness.log).toEqual(['request 3 4']);
  });

  test.each(['server', 'client'] as const)('ends the connection at the stated multiple: %s', (role) => {
    const harness = new Harness({ role, limits });
    if (role === 'client') harness.connection.open(headerList(postFields), true);
    harness.feed(...pieces(1, ofSize(85_000, role === 'server' ? postFields : wire.okFields)));
    expect(harness.closeCode).toBe('ENHANCE_YOUR_CALM');
  });

  test('again and again counts as resets do', () => {
    const harness = new Harness({ limits: { ...limits, resets: { burst: 10, perSecond: 0 } } });
    const large = ofSize(30_000, postFields);
    expect(attack(harness, (round) => pieces(streamId(round), large))).toBe(11);
  });
});

describe('headers that expand', () => {
  /** :path of 4000 bytes, inserted by the first request, and then one byte. */
  const path = `/${'x'.repeat(3999)}`;
  const length = Buffer.from([0x7f, ...[4000 - 127].flatMap((rest) => [(rest & 0x7f) | 0x80, rest >> 7])]);
  const first = Buffer.concat([Buffer.from([0x83, 0x86, 0x44]), length, Buffer.from(path)]);
  const again = Buffer.from([0x83, 0x86, 0xbe]);
  const request = (id: number, bytes: Buffer) =>
    frame(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, id, bytes);
  const expansion = { burst: 100_000, perSecond: 10_000, times: 64 };
  const forwarding = () => {
    const harness: Harness = new Harness({
      limits: { expansion, maxConcurrentStreams: 5 },
      events: {
        onHeaders: (stream) => {
          harness.streams.push(stream);
          harness.connection.sendHeaders(stream, ok, true);
        },
      },
    });
    return harness;
  };

  test('what is handed on is at most so many times what came in; the streams above it are refused', () => {
    const harness = forwarding().feed(request(1, first));
    for (let round = 1; round <= 500; round++) harness.feed(request(streamId(round), again));
    const cameIn = 500 * 12 + 4000;
    expect(harness.streams.length * 4000).toBeLessThan(64 * cameIn + expansion.burst);
    expect(harness.streams.length).toBeGreaterThan(90);
    expect(harness.output()).toContain('RST_STREAM 1001 ENHANCE_YOUR_CALM');
    expect(harness.closeCode).toBe('open');
  });

  test('time allows more, and so does content', () => {
    const harness = forwarding().feed(request(1, first));
    for (let round = 1; round <= 200; round++) harness.feed(request(streamId(round), again));
    const before = harness.streams.length;
    harness.tick(1000).feed(request(1001, again));
    expect(harness.streams).toHaveLength(before + 1);
    for (let round = 600; round <= 800; round++) {
      const id = streamId(round);
      const head = frame(FrameType.HEADERS, Flag.END_HEADERS, id, again);
      harness.feed(head, data(id, Buffer.alloc(50), true));
    }
    expect(harness.streams.length).toBeGreaterThanOrEqual(before + 201);
  });

  test('a client that has its whole table in each request is below it', () => {
    const harness = forwarding();
    const known: HeaderInput[] = Array.from({ length: 16 }, (_, index) => [`x-${index}`, 'v'.repeat(210)]);
    const insert = Buffer.concat(
      known.map(([name, value]) =>
        Buffer.concat([
          Buffer.from([0x40, name.length]),
          Buffer.from(name),
          Buffer.from([0x7f, value.length - 127]),
          Buffer.from(value),
        ]),
      ),
    );
    const indexed = Buffer.from(known.map((_, index) => 0xbe + index));
    harness.feed(request(1, Buffer.concat([wire.block(postFields), insert])));
    const post = wire.block(postFields);
    for (let round = 1; round <= 2000; round++) {
      const id = streamId(round);
      const head = frame(FrameType.HEADERS, Flag.END_HEADERS, id, Buffer.concat([post, indexed]));
      harness.feed(head, data(id, 'hello', true));
    }
    expect(harness.streams).toHaveLength(2001);
  });
});

describe('floods from a server', () => {
  const client = (limits: Partial<Limits> = {}) => {
    const harness = new Harness({ role: 'client', limits });
    for (let count = 0; count < 5; count++) harness.connection.open(headerList(postFields), true);
    harness.output();
    return harness;
  };

  test('RST_STREAM for streams that are gone', () => {
    const harness = client({ resets: { burst: 20, perSecond: 0 } });
    expect(attack(harness, () => [rst(1, ErrorCode.CANCEL)])).toBe(22);
    expect(harness.closeCode).toBe('ENHANCE_YOUR_CALM');
  });

  test('but not that it resets each stream that we open', () => {
    const harness = client({ resets: { burst: 20, perSecond: 0 } });
    for (let id = 11; id < 2000; id += 2) {
      harness.connection.open(headerList(postFields), true);
      harness.feed(rst(id, ErrorCode.NO_ERROR));
    }
    expect(harness.closeCode).toBe('open');
  });

  test.each<[string, Buffer]>([
    ['empty DATA', data(1, '')],
    ['DATA that is all padding', frame(FrameType.DATA, Flag.PADDED, 1, Buffer.alloc(101).fill(100, 0, 1))],
    ['DATA that is mostly padding', frame(FrameType.DATA, Flag.PADDED, 1, Buffer.alloc(111).fill(100, 0, 1))],
  ])('%s', (_, bytes) => {
    const harness = client().feed(headers(1, wire.okFields));
    expect(attack(harness, () => [bytes])).toBe(defaultLimits.emptyFrames.burst + 1);
    expect(harness.closeCode).toBe('ENHANCE_YOUR_CALM');
  });

  test('WINDOW_UPDATE of the connection', () => {
    expect(attack(client(), () => [windowUpdate(0, 1)])).toBe(defaultLimits.windowUpdates.burst + 1);
  });
});

test('a client that cancels many calls may, as long as others end in order', () => {
  const resets = { burst: 20, perSecond: 0 };
  const harness = new Harness({ limits: { resets } });
  for (let round = 0; round < 500; round++) {
    const [ends, cancelled] = [streamId(round * 2), streamId(round * 2 + 1)];
    harness.feed(headers(ends, postFields, true), headers(cancelled));
    harness.connection.sendHeaders(harness.streams.at(-2)!, ok, true);
    harness.feed(rst(cancelled, ErrorCode.CANCEL));
    harness.take();
  }
  expect(harness.closeCode).toBe('open');
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
    ['half of the memory is used, and much waits', 4_000_000, 1_100_000, 'ENHANCE_YOUR_CALM'],
    ['half of the memory is used, and little waits', 4_200_000, 900_000, 'open'],
    ['there is memory enough', 3_800_000, 1_100_000, 'open'],
  ])('with windows closed, is back-pressure: %s', (_, used, bytes, expected) => {
    const budget = new MemoryBudget(10_000_000);
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

  test('hold it back, too, while others have used up the memory of the process', () => {
    const budget = new MemoryBudget(100_000);
    const others = budget.share('others');
    const harness: Harness = new Harness({
      settings: local,
      memory: budget.share('one'),
      events: { onData: (stream, _, start, end) => harness.connection.consume(stream, end - start) },
    });
    harness.feed(headers(1));
    others.add(100_000);
    upload(harness, 1, 4);
    expect(harness.output()).toEqual(['WINDOW_UPDATE 1 48000']);
    others.add(-100_000);
    expect(harness.tick(1).output()).toEqual(['WINDOW_UPDATE 0 64000']);
  });
});

describe('the memory of a process is shared by its connections', () => {
  const budget = (bytes: number) => {
    const all = new MemoryBudget(bytes);
    const connect = (client: string, options: Partial<HarnessOptions> = {}) =>
      new Harness({ memory: all.share(client), ...options });
    return { all, connect };
  };
  const large = (id: number) => headers(id, [...postFields, ['x-large', 'v'.repeat(10_000)]]);
  const lasting = (harness: Harness) => harness.output().filter((word) => !word.startsWith('WINDOW_UPDATE'));

  test('header blocks of open streams: the largest holder gets no more streams, others do', () => {
    const { all, connect } = budget(200_000);
    const [greedy, modest] = [connect('greedy'), connect('modest')];
    for (let round = 0; round < 50; round++) greedy.feed(large(streamId(round)));
    expect(all.usedBytes).toBeGreaterThan(100_000);
    expect(all.usedBytes).toBeLessThan(125_000);
    expect(greedy.output().at(-1)).toBe('RST_STREAM 99 REFUSED_STREAM');
    modest.feed(large(1));
    expect(modest.output()).toEqual([]);
    for (const stream of greedy.streams) greedy.connection.reset(stream, ErrorCode.CANCEL);
    greedy.feed(large(101));
    expect(greedy.streams.at(-1)!.id).toBe(101);
    for (const harness of [greedy, modest]) harness.connection.close();
    expect(all.usedBytes).toBe(0);
  });

  test('a stream counts until the work for it has ended, reset or not', () => {
    const { all, connect } = budget(1_000_000);
    const harness: Harness = connect('one', {
      events: { onHeaders: (stream) => (harness.connection.hold(stream), void harness.streams.push(stream)) },
    });
    harness.feed(large(1), rst(1, ErrorCode.CANCEL));
    expect(all.usedBytes).toBeGreaterThan(10_000);
    harness.connection.release(harness.streams[0]!);
    expect(all.usedBytes).toBe(0);
  });

  test('content that the application keeps: who has most loses its calls when nearly all is used', () => {
    const { all, connect } = budget(1_000_000);
    const [greedy, modest] = [connect('greedy'), connect('modest')];
    modest.feed(headers(1), data(1, Buffer.alloc(16_000)));
    for (const id of [1, 3, 5, 7, 9]) greedy.feed(headers(id));
    for (let round = 0; round < 80; round++)
      greedy.feed(data([1, 3, 5, 7, 9][round % 5]!, Buffer.alloc(16_000)));
    expect(greedy.resets).toContainEqual(
      expect.objectContaining({ cause: 'limit', reason: 'memory is used up' }),
    );
    expect(lasting(greedy)).toContainEqual(expect.stringMatching(/^RST_STREAM \d ENHANCE_YOUR_CALM$/));
    expect(all.usedBytes).toBeLessThan(900_000);
    modest.feed(data(1, Buffer.alloc(16_000)), headers(3), data(3, Buffer.alloc(1000)));
    expect(modest.resets).toEqual([]);
    expect(modest.log).toContain('data 3 ' + '\0'.repeat(20));
  });

  test('answers that wait for the windows of a peer: the same', () => {
    const { all, connect } = budget(1_000_000);
    const greedy = connect('greedy').feed(settings([4, 0]));
    for (let round = 0; round < 20; round++) {
      greedy.feed(headers(streamId(round)));
      const stream = greedy.streams[round];
      if (stream === undefined) break;
      greedy.connection.sendHeaders(stream, ok, false);
      greedy.connection.sendData(stream, Buffer.alloc(100_000), 0, 100_000, true);
    }
    expect(all.usedBytes).toBeLessThan(900_000);
    expect(lasting(greedy).at(-1)).toContain('REFUSED_STREAM');
    expect(connect('modest').feed(large(1)).streams).toHaveLength(1);
  });

  test('output that a peer does not read, headers too; what leaves in its turn does not count', () => {
    const { all, connect } = budget(1_000_000);
    const harness = connect('one').feed(headers(1), headers(3));
    const before = all.usedBytes;
    const answer = headerList([...wire.okFields, ['x-large', 'v'.repeat(10_000)]]);
    harness.connection.sendHeaders(harness.streams[0]!, answer, false);
    expect(all.usedBytes).toBe(before);
    harness.connection.setWritable(false);
    harness.connection.sendHeaders(harness.streams[1]!, answer, false);
    expect(all.usedBytes).toBeGreaterThan(before + 20_000);
    harness.connection.setWritable(true);
    expect(all.usedBytes).toBe(before);
  });

  test('a header block that goes on and on, on many connections', () => {
    const { all, connect } = budget(200_000);
    const begun = frame(FrameType.HEADERS, 0, 1, Buffer.alloc(16_000, 0x82));
    const harnesses = Array.from({ length: 20 }, (_, index) => connect(`client ${index}`).feed(begun));
    expect(all.usedBytes).toBeLessThan(250_000);
    expect(harnesses[0]!.closeCode).toBe('open');
    expect(harnesses.at(-1)!.closeCode).toBe('ENHANCE_YOUR_CALM');
  });

  test('frames that have begun', () => {
    const { all, connect } = budget(1_000_000);
    const harness = connect('one').feed(headers(1));
    const before = all.usedBytes;
    const whole = data(1, Buffer.alloc(16_000));
    harness.feed(whole.subarray(0, 100));
    expect(all.usedBytes).toBeGreaterThanOrEqual(before + 16_000);
    harness.feed(whole.subarray(100));
    harness.connection.consume(harness.streams[0]!, 16_000);
    expect(all.usedBytes).toBe(before);
  });

  test.each([
    ['as long as there is room for it', 10_000_000, 100_000, 300_000],
    ['little, once there is none', 100_000, 1, 40_000],
  ])('blocks that are remembered: %s, and nobody is refused for it', (_, bytes, least, most) => {
    const { all, connect } = budget(bytes);
    const harness = connect('one', { limits: { maxConcurrentStreams: 1 } });
    const block = (round: number) =>
      [...postFields, ['x-r', `${round}`.padStart(3000, '0')]] as HeaderInput[];
    for (let round = 0; round < 40; round++)
      for (const again of [0, 1, 2])
        harness.feed(headers(round * 6 + again * 2 + 1, block(round)), rst(round * 6 + again * 2 + 1, 8));
    expect(all.cachedBytes).toBeGreaterThan(least);
    expect(all.cachedBytes).toBeLessThan(most);
    expect(all.usedBytes).toBe(0);
    harness.connection.close();
    expect(all.cachedBytes).toBe(0);
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
