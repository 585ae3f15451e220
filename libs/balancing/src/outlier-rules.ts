import type { Host } from './host.ts';

export interface SuccessRateOptions {
  /** Hosts below mean - factor × standard deviation are ejected. 0 to 10, default 1.9. */
  stdevFactor: number;
  /** The rule rests unless this many hosts have `minCalls`: 2 to 10,000, default 5. */
  minHosts: number;
  /** Calls in an interval that make a host comparable: 1 to 1,000,000, default 100. */
  minCalls: number;
  /** Share of those found that are really ejected: 0 to 100, default 100. */
  enforcementPercent: number;
}

export interface FailurePercentageOptions {
  /** Hosts that fail more than this are ejected: 0 to 100, default 85. */
  threshold: number;
  /** 1 to 10,000, default 5. */
  minHosts: number;
  /** 1 to 1,000,000, default 50. */
  minCalls: number;
  /** 0 to 100, default 100. */
  enforcementPercent: number;
}

/** Hosts that fail far more often than the others do, worst first. */
export function successRateOutliers<T>(
  hosts: readonly Host<T>[],
  { stdevFactor, minHosts, minCalls }: SuccessRateOptions,
): Host<T>[] {
  const busy = worstFirst(hosts, minCalls);
  if (busy.length < minHosts) return [];
  const mean = busy.reduce((sum, host) => sum + successRate(host), 0) / busy.length;
  const variance = busy.reduce((sum, host) => sum + (successRate(host) - mean) ** 2, 0) / busy.length;
  const threshold = mean - stdevFactor * Math.sqrt(variance);
  return busy.filter((host) => successRate(host) < threshold);
}

/** Hosts that fail more often than allowed, whatever the others do, worst first. */
export function failurePercentageOutliers<T>(
  hosts: readonly Host<T>[],
  { threshold, minHosts, minCalls }: FailurePercentageOptions,
): Host<T>[] {
  const busy = worstFirst(hosts, minCalls);
  if (busy.length < minHosts) return [];
  return busy.filter((host) => 100 * (1 - successRate(host)) > threshold);
}

// Worst first, since the cap on ejections may let only some of them go.
function worstFirst<T>(hosts: readonly Host<T>[], minCalls: number): Host<T>[] {
  return hosts
    .filter(({ stats }) => stats.successes + stats.failures >= minCalls)
    .sort((a, b) => successRate(a) - successRate(b));
}

function successRate({ stats }: Host): number {
  return stats.successes / (stats.successes + stats.failures);
}
