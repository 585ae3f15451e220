import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../errors.ts';
import { FrameType } from '../../frames/constants.ts';
import { headerList, type HeaderInput } from '../../headers/block.ts';
import { MemoryBudget } from '../../memory/budget.ts';
import { streamId } from '../../testing/attack.ts';
import * as wire from '../../testing/wire.ts';
import { Harness, type HarnessOptions } from '../../testing/wire.ts';

const { frame, headers, data, settings, rst, postFields } = wire;
const ok = headerList(wire.okFields);

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
