import type { Host, HostStats } from './host.ts';
import { checkInteger, checkNumber, maxDurationMs, maxHosts } from './limits.ts';
import {
  failurePercentageOutliers,
  successRateOutliers,
  type FailurePercentageOptions,
  type SuccessRateOptions,
} from './outlier-rules.ts';
import type { CallOutcome } from './call-outcome.ts';
import type { Random } from './picker.ts';

export interface OutlierOptions {
  /** Time between two sweeps over success rates, 1 to a day; default 10 s. */
  intervalMs?: number;
  /** A host is ejected for this × the times it was ejected lately; default 30 s. */
  baseEjectionMs?: number;
  /** … but not for longer than this; at least `baseEjectionMs`; default 5 min. */
  maxEjectionMs?: number;
  /** Of the hosts, rounded down: 0 to 100, default 50, so that one of two pods can go, and the only one never. */
  maxEjectionPercent?: number;
  /** Of more than one host one may be out, however small the percentage, unless that is 0 (gRFC A50); default false. */
  alwaysEjectOne?: boolean;
  /** Ejected at once after as many: 0 (off) to 10,000, default 5. */
  consecutiveFailures?: number;
  /** On by default; false switches the rule off. */
  successRate?: Partial<SuccessRateOptions> | false;
  /** Off by default. */
  failurePercentage?: Partial<FailurePercentageOptions> | false;
}

/** Takes hosts out for a while that fail where others do not (Envoy's outlier detection, gRFC A50). */
export class OutlierDetector<T = unknown> {
  readonly #options: ReturnType<typeof checkOptions>;
  readonly #random: Random;
  #hosts: readonly Host<T>[] = [];
  /** Undefined: there is nothing to sweep, and the next interval begins with the next tick. */
  #sweptAtMs: number | undefined;
  /** Calls have ended since the last sweep. */
  #counted = false;

  /** @throws BalancingError `BAD_OPTION` */
  constructor(options: OutlierOptions = {}, random: Random = Math.random) {
    this.#options = checkOptions(options);
    this.#random = random;
  }

  isEjected({ stats }: Host<T>): boolean {
    return stats.ejectedUntilMs >= 0;
  }

  /** Whether `tick` may change anything; if not, not before a call ends. */
  get needsTicks(): boolean {
    return this.#counted || this.#remembers;
  }

  get ejectedCount(): number {
    return this.#hosts.reduce((count, host) => count + (this.isEjected(host) ? 1 : 0), 0);
  }

  /** The hosts from now on. Of fewer hosts fewer may be out: those who would be back first come back at once. */
  update(hosts: readonly Host<T>[], nowMs: number): void {
    this.#hosts = hosts;
    const out = hosts.filter((host) => this.isEjected(host));
    out.sort((a, b) => b.stats.ejectedUntilMs - a.stats.ejectedUntilMs);
    for (const { stats } of out.slice(this.#maxEjected())) readmit(stats, nowMs);
  }

  /** Counts a call that ended. True if that got the host ejected. */
  report(host: Host<T>, outcome: CallOutcome, nowMs: number): boolean {
    const { stats } = host;
    if (outcome === 'cancelled') return false;
    this.#counted = true;
    if (outcome === 'success') {
      stats.successes++;
      stats.consecutiveFailures = 0;
      return false;
    }
    stats.failures++;
    stats.consecutiveFailures++;
    const { consecutiveFailures } = this.#options;
    if (consecutiveFailures === 0 || stats.consecutiveFailures < consecutiveFailures) return false;
    return this.#eject(stats, nowMs);
  }

  /**
   * Readmits those whose time is over, and once an interval ejects those with a bad success rate. Call it about every
   * second. True if that changed who is out.
   */
  tick(nowMs: number): boolean {
    let changed = false;
    for (const { stats } of this.#hosts) {
      if (stats.ejectedUntilMs < 0 || nowMs < stats.ejectedUntilMs) continue;
      readmit(stats, nowMs);
      changed = true;
    }
    this.#sweptAtMs ??= nowMs;
    if (nowMs - this.#sweptAtMs < this.#options.intervalMs) return changed;
    const swept = this.#sweep(nowMs);
    this.#sweptAtMs = this.#counted || this.#remembers ? nowMs : undefined;
    this.#counted = false;
    return swept || changed;
  }

  /** Somebody is out, or was lately. */
  get #remembers(): boolean {
    return this.#hosts.some(({ stats }) => stats.ejectedUntilMs >= 0 || stats.ejections > 0);
  }

  #sweep(nowMs: number): boolean {
    const { successRate, failurePercentage } = this.#options;
    const inside = this.#hosts.filter((host) => !this.isEjected(host));
    const enforced = (found: Host<T>[], percent: number) =>
      found.filter(() => this.#random() * 100 < percent);
    const outliers = [
      ...(successRate
        ? enforced(successRateOutliers(inside, successRate), successRate.enforcementPercent)
        : []),
      ...(failurePercentage
        ? enforced(failurePercentageOutliers(inside, failurePercentage), failurePercentage.enforcementPercent)
        : []),
    ];
    let changed = false;
    for (const { stats } of outliers) changed = this.#eject(stats, nowMs) || changed;
    for (const host of this.#hosts) {
      host.stats.successes = 0;
      host.stats.failures = 0;
      if (!this.isEjected(host)) host.stats.ejections = Math.max(0, host.stats.ejections - 1);
    }
    return changed;
  }

  #eject(stats: HostStats, nowMs: number): boolean {
    if (stats.ejectedUntilMs >= 0 || this.ejectedCount >= this.#maxEjected()) return false;
    stats.ejections++;
    const { baseEjectionMs, maxEjectionMs } = this.#options;
    stats.ejectedUntilMs = nowMs + Math.min(baseEjectionMs * stats.ejections, maxEjectionMs);
    return true;
  }

  #maxEjected(): number {
    const { maxEjectionPercent, alwaysEjectOne } = this.#options;
    const least = alwaysEjectOne && maxEjectionPercent > 0 && this.#hosts.length > 1 ? 1 : 0;
    return Math.max(least, Math.floor((this.#hosts.length * maxEjectionPercent) / 100));
  }
}

function readmit(stats: HostStats, nowMs: number): void {
  stats.ejectedUntilMs = -1;
  stats.consecutiveFailures = 0;
  stats.readySinceMs = nowMs;
}

function checkOptions(options: OutlierOptions) {
  const { successRate = {}, failurePercentage = false } = options;
  const baseEjectionMs = checkNumber('baseEjectionMs', options.baseEjectionMs ?? 30_000, 1, maxDurationMs);
  const maxEjectionMs = options.maxEjectionMs ?? Math.max(300_000, baseEjectionMs);
  return {
    intervalMs: checkNumber('intervalMs', options.intervalMs ?? 10_000, 1, maxDurationMs),
    baseEjectionMs,
    maxEjectionMs: checkNumber('maxEjectionMs', maxEjectionMs, baseEjectionMs, maxDurationMs),
    maxEjectionPercent: checkNumber('maxEjectionPercent', options.maxEjectionPercent ?? 50, 0, 100),
    alwaysEjectOne: options.alwaysEjectOne ?? false,
    consecutiveFailures: checkInteger('consecutiveFailures', options.consecutiveFailures ?? 5, 0, 10_000),
    successRate: successRate && {
      stdevFactor: checkNumber('successRate.stdevFactor', successRate.stdevFactor ?? 1.9, 0, 10),
      minHosts: checkInteger('successRate.minHosts', successRate.minHosts ?? 5, 2, maxHosts),
      minCalls: checkInteger('successRate.minCalls', successRate.minCalls ?? 100, 1, 1_000_000),
      enforcementPercent: checkNumber(
        'successRate.enforcementPercent',
        successRate.enforcementPercent ?? 100,
        0,
        100,
      ),
    },
    failurePercentage: failurePercentage && {
      threshold: checkNumber('failurePercentage.threshold', failurePercentage.threshold ?? 85, 0, 100),
      minHosts: checkInteger('failurePercentage.minHosts', failurePercentage.minHosts ?? 5, 1, maxHosts),
      minCalls: checkInteger('failurePercentage.minCalls', failurePercentage.minCalls ?? 50, 1, 1_000_000),
      enforcementPercent: checkNumber(
        'failurePercentage.enforcementPercent',
        failurePercentage.enforcementPercent ?? 100,
        0,
        100,
      ),
    },
  };
}
