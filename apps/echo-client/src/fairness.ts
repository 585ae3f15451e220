const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

/**
 * Jain's fairness index (Jain, Chiu, Hawe 1984): 1 when all got the same, 1/n when one of n got everything.
 * @param counts at least one, not all 0
 */
export function jainIndex(counts: readonly number[]): number {
  return sum(counts) ** 2 / (counts.length * sum(counts.map((count) => count ** 2)));
}

/** Standard deviation (of the whole population) divided by the mean: 0 when all got the same. */
export function coefficientOfVariation(counts: readonly number[]): number {
  const mean = sum(counts) / counts.length;
  const variance = sum(counts.map((count) => (count - mean) ** 2)) / counts.length;
  return Math.sqrt(variance) / mean;
}
