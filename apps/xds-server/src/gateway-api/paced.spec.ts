import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Paced } from './paced.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('Paced', () => {
  it('runs the first time at once, and of what is asked for meanwhile once more', () => {
    let runs = 0;
    const paced = new Paced(() => runs++);
    paced.ask();
    paced.ask();
    expect(runs).toBe(0);
    vi.advanceTimersByTime(1);
    expect(runs).toBe(1);
    for (let i = 0; i < 100; i++) paced.ask();
    vi.advanceTimersByTime(5);
    expect(runs).toBe(1);
    vi.advanceTimersByTime(10);
    expect(runs).toBe(2);
    vi.advanceTimersByTime(1000);
    expect(runs).toBe(2);
  });

  it('takes an eleventh of the time at most', () => {
    let nowMs = 0;
    let runs = 0;
    const paced = new Paced(
      () => {
        runs++;
        nowMs += 100;
      },
      () => nowMs,
    );
    const pass = (ms: number) => {
      nowMs += ms;
      vi.advanceTimersByTime(ms);
    };
    paced.ask();
    pass(1);
    paced.ask();
    pass(999);
    expect(runs).toBe(1);
    pass(2);
    expect(runs).toBe(2);
  });

  it('waits longer and longer while changes go on, and not at all once they are over', () => {
    const starts: number[] = [];
    let nowMs = 0;
    const paced = new Paced(
      () => starts.push(nowMs),
      () => nowMs,
    );
    const pass = (ms: number, isAsked: boolean) => {
      for (let i = 0; i < ms; i++) {
        if (isAsked) paced.ask();
        nowMs++;
        vi.advanceTimersByTime(1);
      }
    };
    pass(10_000, true);
    const pauses = starts.slice(1).map((at, index) => at - starts[index]!);
    expect(pauses).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, ...pauses.slice(8).map(() => 2000)]);
    // The last change of a storm does not wait for the end of the pause.
    const overMs = nowMs;
    pass(500, false);
    expect(starts.at(-1)).toBeGreaterThan(overMs);
    expect(starts.at(-1)).toBeLessThan(overMs + 201);
    const before = starts.length;
    paced.ask();
    pass(1, false);
    expect(starts).toHaveLength(before + 1);
    pass(11, true);
    expect(starts).toHaveLength(before + 2);
  });

  it('runs no more when it was stopped', () => {
    let runs = 0;
    const paced = new Paced(() => runs++);
    paced.ask();
    paced.stop();
    paced.ask();
    vi.advanceTimersByTime(1000);
    expect(runs).toBe(0);
  });
});
