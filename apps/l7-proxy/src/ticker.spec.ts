import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Ticker } from './ticker.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('ticks once a second while that is of use, and then has no timer until it is woken', () => {
  let [ticks, of] = [0, 3];
  const ticker = new Ticker(() => ++ticks < of);
  expect(vi.getTimerCount()).toBe(0);
  ticker.wake();
  ticker.wake();
  vi.advanceTimersByTime(60_000);
  expect(ticks).toBe(3);
  expect(vi.getTimerCount()).toBe(0);
  of = 0;
  ticker.wake();
  vi.advanceTimersByTime(60_000);
  expect(ticks).toBe(4);
});

it('is not woken any more once it was stopped', () => {
  const ticker = new Ticker(() => true);
  ticker.wake();
  ticker.stop();
  ticker.wake();
  expect(vi.getTimerCount()).toBe(0);
});
