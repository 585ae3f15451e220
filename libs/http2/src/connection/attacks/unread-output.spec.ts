import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../errors.ts';
import { headerList } from '../../headers/block.ts';
import { defaultLimits } from '../../limits.ts';
import { MemoryBudget } from '../../memory/budget.ts';
import * as wire from '../../testing/wire.ts';
import { Harness } from '../../testing/wire.ts';
import type { Stream } from '../stream.ts';

const { headers, settings, windowUpdate, postFields } = wire;
const ok = headerList(wire.okFields);

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
