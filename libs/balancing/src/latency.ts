import type { HostStats } from './host.ts';
import { checkNumber, maxDurationMs } from './limits.ts';
import type { CallOutcome } from './call-outcome.ts';

export interface LatencyOptions {
  /** After this time an observation has faded to 1/e. 1 to a day; default 10 s, as in Finagle and Linkerd. */
  decayMs?: number;
  /** What a host costs before its first call. Default 0: a new host is tried at once. */
  initialMs?: number;
  /** What a host costs while its first call runs, or when that failed. Default 1 s: a new host gets one call, not a flood. */
  pendingPenaltyMs?: number;
}

/**
 * Latency of hosts as Finagle's peak EWMA sees it: a slower call is believed at once, faster ones only little by
 * little, and a host that nobody calls fades towards 0 until somebody tries it again.
 */
export class LatencyModel {
  readonly #decayMs: number;
  readonly #initialMs: number;
  readonly #pendingPenaltyMs: number;

  /** @throws BalancingError `BAD_OPTION` */
  constructor({ decayMs = 10_000, initialMs = 0, pendingPenaltyMs = 1_000 }: LatencyOptions = {}) {
    this.#decayMs = checkNumber('decayMs', decayMs, 1, maxDurationMs);
    this.#initialMs = checkNumber('initialMs', initialMs, 0, maxDurationMs);
    this.#pendingPenaltyMs = checkNumber('pendingPenaltyMs', pendingPenaltyMs, 0, maxDurationMs);
  }

  observe(stats: HostStats, nowMs: number, latencyMs: number, outcome: CallOutcome): void {
    if (stats.samples === 0) {
      if (outcome === 'cancelled') return;
      stats.ewmaMs = outcome === 'success' ? latencyMs : Math.max(latencyMs, this.#pendingPenaltyMs);
    } else {
      // Without an answer the latency is a lower bound: it may raise the estimate, never lower it. So a host that
      // fails fast does not look fast.
      const observedMs = outcome === 'success' ? latencyMs : Math.max(latencyMs, stats.ewmaMs);
      const kept = observedMs >= stats.ewmaMs ? 0 : this.#fading(stats, nowMs);
      stats.ewmaMs = stats.ewmaMs * kept + observedMs * (1 - kept);
    }
    stats.ewmaAtMs = nowMs;
    stats.samples++;
  }

  /** Expected milliseconds of one more call. */
  costMs(stats: HostStats, weight: number, nowMs: number): number {
    const { active } = stats;
    const queue = active / weight + 1;
    if (stats.samples === 0) {
      return active > 0 ? this.#pendingPenaltyMs * queue : this.#initialMs * this.#fading(stats, nowMs);
    }
    // Fades only while idle. Finagle's fades always, which makes a host that has stopped answering look ever faster.
    return (active > 0 ? stats.ewmaMs : stats.ewmaMs * this.#fading(stats, nowMs)) * queue;
  }

  /** 1 at the last observation, towards 0 later. */
  #fading(stats: HostStats, nowMs: number): number {
    return nowMs > stats.ewmaAtMs ? Math.exp((stats.ewmaAtMs - nowMs) / this.#decayMs) : 1;
  }
}
