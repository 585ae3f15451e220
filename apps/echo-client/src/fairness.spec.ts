import { expect, it } from 'vitest';
import { coefficientOfVariation, jainIndex } from './fairness.ts';

it.each([
  [[5, 5, 5, 5], 1, 0],
  [[8, 0, 0, 0], 0.25, Math.sqrt(3)],
  [[1, 3], 0.8, 0.5],
  [[7], 1, 0],
])('of %j', (counts, jain, variation) => {
  expect(jainIndex(counts)).toBeCloseTo(jain, 12);
  expect(coefficientOfVariation(counts)).toBeCloseTo(variation, 12);
});
