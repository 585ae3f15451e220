import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coefficientOfVariation, jainIndex, maxMinRatio } from './fairness.ts';

describe('fairness', () => {
  it('is perfect for equal counts', () => {
    for (const counts of [[7], [3, 3, 3]]) {
      expect([jainIndex(counts), coefficientOfVariation(counts), maxMinRatio(counts)]).toEqual([1, 0, 1]);
    }
  });

  it('has no index where nobody has anything', () => {
    for (const counts of [[], [0], [0, 0]]) {
      const all = [jainIndex(counts), coefficientOfVariation(counts), maxMinRatio(counts)];
      expect(all).toEqual([undefined, 0, 1]);
    }
  });

  it('is worst when one has all', () => {
    expect(jainIndex([8, 0, 0, 0])).toBe(0.25);
    expect(coefficientOfVariation([8, 0, 0, 0])).toBeCloseTo(Math.sqrt(3));
    expect(maxMinRatio([8, 0, 0, 0])).toBe(Infinity);
    expect(maxMinRatio([8, 4])).toBe(2);
  });

  it('ties both indexes together: Jain = 1 / (1 + variation²)', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { minLength: 1 }), (counts) => {
        fc.pre(counts.some((count) => count > 0));
        expect(jainIndex(counts)).toBeCloseTo(1 / (1 + coefficientOfVariation(counts) ** 2), 9);
      }),
    );
  });
});
