import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../errors.ts';
import { Flag, FrameType } from '../../frames/constants.ts';
import { headerList } from '../../headers/block.ts';
import { defaultLimits, type Limits } from '../../limits.ts';
import { attack, streamId } from '../../testing/attack.ts';
import * as wire from '../../testing/wire.ts';
import { Harness } from '../../testing/wire.ts';
import type { Stream } from '../stream.ts';

const { frame, headers, data, settings, windowUpdate, rst, ping, postFields } = wire;
const ok = headerList(wire.okFields);

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
