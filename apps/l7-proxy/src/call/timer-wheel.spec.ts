import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TimerWheel } from './timer-wheel.ts';

let nowMs = 1000;
beforeEach(() => {
  nowMs = 1000;
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => {
  for (let passed = 0; passed < ms; passed += 5) {
    nowMs += 5;
    vi.advanceTimersByTime(5);
  }
};

it('calls back in time, in order, and not those that were stopped', () => {
  const wheel = new TimerWheel(() => nowMs);
  const came: string[] = [];
  wheel.start(30, () => came.push('30'));
  wheel.start(10, () => came.push('10'));
  wheel.start(20, () => came.push('stopped')).stop();
  wheel.start(20_000, () => came.push('20000')); // more than once around
  expect(wheel.size).toBe(3);
  pass(15);
  expect(came).toEqual(['10']);
  pass(20);
  expect(came).toEqual(['10', '30']);
  pass(19_900);
  expect(came).toEqual(['10', '30']);
  pass(100);
  expect(came).toEqual(['10', '30', '20000']);
  expect(wheel.size).toBe(0);
});

it('stands still while it is empty, and a callback may start and stop others', () => {
  const wheel = new TimerWheel(() => nowMs);
  const came: string[] = [];
  wheel.start(10, () => {
    came.push('first');
    second.stop();
    wheel.start(0, () => came.push('third'));
  });
  const second = wheel.start(10, () => came.push('second'));
  pass(10);
  pass(10);
  expect(came).toEqual(['first', 'third']);
  expect(vi.getTimerCount()).toBe(0);
});

it('a long pause loses nothing', () => {
  const wheel = new TimerWheel(() => nowMs);
  let came = 0;
  for (let delay = 0; delay < 100; delay++) wheel.start(delay * 50, () => came++);
  nowMs += 60_000;
  vi.advanceTimersByTime(5);
  expect(came).toBe(100);
});

it('wakes up for the first timer that is due, however many are started and stopped before', () => {
  const wheel = new TimerWheel(() => nowMs);
  const armed = vi.spyOn(globalThis, 'setTimeout');
  for (let call = 0; call < 100; call++) {
    const timer = wheel.start(1000, () => expect.unreachable());
    pass(5);
    timer.stop();
  }
  expect(armed).toHaveBeenCalledTimes(1);
  let cameAtMs = 0;
  const startedAtMs = nowMs;
  wheel.start(2000, () => (cameAtMs = nowMs));
  wheel.start(10_000, () => {}).stop();
  pass(2010);
  expect(cameAtMs).toBe(startedAtMs + 2000);
  // Once for those of before, of which none was left; nothing is left now either.
  expect(armed).toHaveBeenCalledTimes(2);
  expect(vi.getTimerCount()).toBe(0);
});

it.each([1, 7, 4999, 5120, 5121, 26_000])('one of %i ms is neither early nor late', (delayMs) => {
  const wheel = new TimerWheel(() => nowMs);
  const startedAtMs = nowMs;
  let cameAtMs = 0;
  wheel.start(60_000, () => {});
  wheel.start(delayMs, () => (cameAtMs = nowMs));
  pass(delayMs + 10);
  expect(cameAtMs - startedAtMs).toBeGreaterThanOrEqual(delayMs);
  expect(cameAtMs - startedAtMs).toBeLessThanOrEqual(delayMs + 5);
});

it('says how late it has come of late, the turn that is due included', () => {
  const wheel = new TimerWheel(() => nowMs);
  expect(wheel.lateMs(nowMs)).toBe(0);
  wheel.start(10, () => {});
  wheel.start(60_000, () => {});
  nowMs += 110; // held up, and it goes on: the turn is yet to come
  expect(wheel.lateMs(nowMs)).toBe(100);
  vi.advanceTimersByTime(10);
  expect(wheel.lateMs(nowMs)).toBe(100);
  pass(1000);
  expect(wheel.lateMs(nowMs)).toBeCloseTo(50);
});

it('a time-out of years has Node woken no later than once around', () => {
  const wheel = new TimerWheel(() => nowMs);
  const alarm = vi.spyOn(globalThis, 'setTimeout');
  wheel.start(359_999_996_400_000, () => undefined);
  pass(20_000);
  const delays = alarm.mock.calls.map(([, delayMs]) => delayMs!);
  expect(delays.length).toBeLessThan(6);
  expect(Math.max(...delays)).toBeLessThanOrEqual(5 * 1024);
  expect(Math.min(...delays)).toBeGreaterThan(5000);
});
