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

  it('takes a fifth of the time at most', () => {
    let nowMs = 0;
    let runs = 0;
    const paced = new Paced(
      () => {
        runs++;
        nowMs += 100;
      },
      () => nowMs,
    );
    paced.ask();
    vi.advanceTimersByTime(1);
    paced.ask();
    vi.advanceTimersByTime(399);
    expect(runs).toBe(1);
    vi.advanceTimersByTime(2);
    expect(runs).toBe(2);
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
