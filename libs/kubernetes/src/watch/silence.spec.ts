import { DiscoveryError } from '@evenly/endpoints';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Silence, type Probe } from './silence.ts';

const quietMs = 30_000;
const away = new DiscoveryError('UNREACHABLE', 'no response');

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Guards two watches of one server, which has just said something. */
function guarded(probe: Probe) {
  const asked = vi.fn(probe);
  const silence = new Silence(quietMs, false, asked);
  const told: unknown[] = [];
  const stops = [1, 2].map(() => silence.guard((error) => told.push(error)));
  return { silence, asked, told, stop: () => stops.forEach((stop) => stop()) };
}

it('asks once for all watches when the server is silent, and tells each when nothing comes back', async () => {
  const { asked, told } = guarded(() => new Promise((_, reject) => setTimeout(() => reject(away), 100)));
  await vi.advanceTimersByTimeAsync(quietMs - 1);
  expect(asked).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(101);
  expect(asked).toHaveBeenCalledTimes(1);
  expect(told).toEqual([away, away]);
  await vi.advanceTimersByTimeAsync(10 * quietMs);
  expect(told).toHaveLength(2);
});

it('asks nothing while the server says something on any watch', async () => {
  const { silence, asked } = guarded(() => Promise.reject(away));
  for (let i = 0; i < 10; i++) {
    await vi.advanceTimersByTimeAsync(quietMs - 1);
    silence.heard();
  }
  expect(asked).not.toHaveBeenCalled();
});

it.each([
  ['an answer', () => Promise.resolve({})],
  ['a refusal', () => Promise.reject(new DiscoveryError('FORBIDDEN', 'not you'))],
])('takes %s for a sign of life, and asks again after as long', async (_what, probe: Probe) => {
  const { asked, told } = guarded(probe);
  await vi.advanceTimersByTimeAsync(3 * quietMs);
  expect(asked).toHaveBeenCalledTimes(3);
  expect(told).toEqual([]);
});

it('does not take a server for silent that has said something while it was asked', async () => {
  const { silence, told } = guarded(
    () => new Promise((_, reject) => setTimeout(() => reject(away), quietMs - 1)),
  );
  await vi.advanceTimersByTimeAsync(quietMs + 1);
  silence.heard();
  await vi.advanceTimersByTimeAsync(quietMs - 2);
  expect(told).toEqual([]);
});

it('leaves no timer behind', () => {
  const { stop } = guarded(() => Promise.resolve({}));
  stop();
  expect(vi.getTimerCount()).toBe(0);
});
