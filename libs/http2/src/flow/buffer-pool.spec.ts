import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BufferPool } from './buffer-pool.ts';
import { SendQueue } from './send-queue.ts';

test('memory is used again, and never by two at a time', () => {
  const pool = new BufferPool();
  const first = pool.take(5000);
  const second = pool.take(5000);
  expect(second).not.toBe(first);
  pool.give(first);
  expect(pool.take(6000)).toBe(first);
});

test('what is too large for the pool is made for the occasion', () => {
  const pool = new BufferPool();
  const large = pool.take(100_000);
  expect(large).toHaveLength(100_000);
  pool.give(large);
  expect(pool.take(100_000)).not.toBe(large);
});

test('keeps 16 MiB at most', () => {
  const pool = new BufferPool();
  const taken = new Set(Array.from({ length: 300 }, () => pool.take(65_536)));
  for (const buffer of taken) pool.give(buffer);
  const again = Array.from({ length: 300 }, () => pool.take(65_536));
  expect(again.filter((buffer) => taken.has(buffer))).toHaveLength(256);
});

test('queues that share the memory keep their own bytes, in order, whatever is pushed and taken', () => {
  const step = fc.record({ queue: fc.nat(2), push: fc.nat(40_000), take: fc.nat(40_000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const queues = Array.from({ length: 3 }, () => ({ queue: new SendQueue(0), expected: '' }));
      steps.forEach(({ queue: index, push, take }, number) => {
        const one = queues[index]!;
        const text = String.fromCharCode(65 + (number % 26)).repeat(push);
        one.queue.push(Buffer.from(text), 0, push);
        one.expected += text;
        let left = Math.min(take, one.queue.bytes);
        while (left > 0) {
          const { head, headOffset, headEnd } = one.queue;
          const count = Math.min(left, headEnd - headOffset);
          const got = head.toString('latin1', headOffset, headOffset + count);
          expect(got === one.expected.slice(0, count)).toBe(true);
          one.expected = one.expected.slice(count);
          one.queue.advance(count);
          left -= count;
        }
        expect(one.queue.bytes).toBe(one.expected.length);
      });
      for (const { queue } of queues) queue.clear();
    }),
  );
});
