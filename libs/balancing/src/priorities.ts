/** Capacity of hosts: the sum of their weights. */
export interface Capacity {
  total: number;
  /** Of the hosts that are healthy and not ejected; at most `total`. */
  healthy: number;
}

/**
 * A level is good for all its calls while its healthy share × this is 1 or more: up to 28 % of its hosts may be lost
 * before calls go elsewhere. Envoy's default.
 */
export const defaultOverprovisioning = 1.4;

/**
 * Shares of the calls for each priority, the first one preferred: what a level is too weak for falls to the next, and
 * if all together are too weak, each gets its part (Envoy's priority levels). Sums to 1; all 0 if there is nobody.
 */
export function priorityShares(levels: readonly Capacity[], overprovisioning: number): number[] {
  const strengths = levels.map((level) => strength(level, overprovisioning));
  // Nobody is healthy: by size, for those whom panic lets in.
  if (sum(strengths) === 0) return normalized(levels.map(({ total }) => total));
  let left = 1;
  const shares = strengths.map((own) => {
    const share = Math.min(left, own);
    left -= share;
    return share;
  });
  return normalized(shares);
}

/** Whether the levels together are too weak: only then may a level panic, as in Envoy. */
export function areTooWeak(levels: readonly Capacity[], overprovisioning: number): boolean {
  return sum(levels.map((level) => strength(level, overprovisioning))) < 1;
}

function strength({ total, healthy }: Capacity, overprovisioning: number): number {
  return total === 0 ? 0 : Math.min(1, (overprovisioning * healthy) / total);
}

function normalized(values: readonly number[]): number[] {
  const all = sum(values);
  return all === 0 ? values.map(() => 0) : values.map((value) => value / all);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
