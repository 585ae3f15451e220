/**
 * Jain's fairness index (Jain, Chiu, Hawe 1984): 1 when all counts are equal, 1/n when one has all. Undefined where nobody
 * has anything, which is neither.
 */
export function jainIndex(counts: readonly number[]): number | undefined {
  const sum = total(counts);
  const squares = total(counts.map((count) => count * count));
  return squares === 0 ? undefined : (sum * sum) / (counts.length * squares);
}

/** Standard deviation (of the population) / mean: 0 when all are equal. 0 for no counts, or only zeros. */
export function coefficientOfVariation(counts: readonly number[]): number {
  const mean = total(counts) / counts.length;
  if (!(mean > 0)) return 0;
  return Math.sqrt(total(counts.map((count) => (count - mean) ** 2)) / counts.length) / mean;
}

/** Largest / smallest: 1 when all are equal, Infinity when some have none. 1 for no counts, or only zeros. */
export function maxMinRatio(counts: readonly number[]): number {
  let max = 0;
  let min = Infinity;
  for (const count of counts) {
    max = Math.max(max, count);
    min = Math.min(min, count);
  }
  return max === 0 ? 1 : max / min;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
