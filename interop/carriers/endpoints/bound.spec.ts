import { describe, expect, it } from 'vitest';
import { Checks, tailProbability } from './bound.ts';

/** The exact probability that a binomial count is as far from its mean as this one, or farther, on the same side. */
function exactTail(count: number, calls: number, chance: number): number {
  const logs = [0];
  for (let n = 1; n <= calls; n++) logs.push(logs[n - 1]! + Math.log(n));
  const chanceOf = (k: number) =>
    Math.exp(
      logs[calls]! - logs[k]! - logs[calls - k]! + k * Math.log(chance) + (calls - k) * Math.log(1 - chance),
    );
  const [from, to] = count >= calls * chance ? [count, calls] : [0, count];
  return Array.from({ length: to - from + 1 }, (_, index) => chanceOf(from + index)).reduce((a, b) => a + b);
}

describe('the bound', () => {
  it.each([0.001, 0.1, 1 / 3, 0.5, 0.9])('is never less than the exact probability, chance %s', (chance) => {
    for (let count = 0; count <= 200; count += 4)
      expect(tailProbability(count, 200, chance)).toBeGreaterThanOrEqual(
        exactTail(count, 200, chance) * (1 - 1e-9),
      );
  });

  it('is near it, as powers of ten go', () => {
    expect(Math.log10(tailProbability(150, 300, 1 / 3))).toBeCloseTo(
      Math.log10(exactTail(150, 300, 1 / 3)),
      -1,
    );
  });

  it('holds for turns with a random beginning', () => {
    // Three endpoints in turn, 100 calls: 33 or 34 of them each, never an alarm.
    const checks = new Checks(2);
    expect([33, 34].map((count) => checks.isLikely(count, 100, 1 / 3))).toEqual([true, true]);
  });

  it.each([
    ['equal shares for 1:9', 150, 0.1],
    ['equal shares for 1:3', 150, 0.25],
    ['all for a half', 300, 0.5],
    ['none for a tenth', 0, 0.1],
    ['some for all', 299, 1],
    ['some for none', 1, 0],
  ])('tells %s, in 300 calls of 10,000 checks', (_, count, chance) => {
    expect(new Checks(10_000).isLikely(count, 300, chance)).toBe(false);
  });

  it('takes what is near', () => {
    const checks = new Checks(10_000);
    expect([30, 50, 20].map((count) => checks.isLikely(count, 300, 0.1))).toEqual([true, true, true]);
    expect(new Checks(1).isLikely(300, 300, 1)).toBe(true);
    expect(new Checks(1).isLikely(0, 300, 0)).toBe(true);
  });

  it('does not make more checks than its share is for', () => {
    const checks = new Checks(1);
    checks.isLikely(1, 1, 1);
    expect(() => checks.isLikely(1, 1, 1)).toThrow('more than 1 checks');
  });
});
