import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../errors.ts';
import { Flag, FrameType } from '../../frames/constants.ts';
import { headerList, type HeaderInput } from '../../headers/block.ts';
import { attack, streamId } from '../../testing/attack.ts';
import * as wire from '../../testing/wire.ts';
import { Harness } from '../../testing/wire.ts';

const { frame, headers, data, postFields } = wire;
const ok = headerList(wire.okFields);

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
