import { expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

it('doubles up to ten seconds, and starts over after a quiet time or a reset', () => {
  const backoff = new Backoff();
  expect([0, 1, 2, 3, 4, 5, 6, 7].map((now) => backoff.next(now))).toEqual([
    250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000,
  ]);
  expect(backoff.next(30_008)).toBe(250);
  expect(backoff.next(30_009)).toBe(500);
  backoff.reset();
  expect(backoff.next(30_010)).toBe(250);
});
