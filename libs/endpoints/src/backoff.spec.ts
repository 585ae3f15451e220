import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

describe('Backoff', () => {
  it('doubles up to its bound, and begins again after a success', () => {
    const backoff = new Backoff({ initialMs: 100, maxMs: 1000, random: () => 1 });
    expect(Array.from({ length: 6 }, () => backoff.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });

  it('spreads from half of the bound to all of it', () => {
    expect(new Backoff({ initialMs: 100, random: () => 0 }).next()).toBe(50);
    expect(new Backoff({ initialMs: 100, random: () => 0.5 }).next()).toBe(75);
  });
});
