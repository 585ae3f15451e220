const firstMs = 250;
const maxMs = 10_000;

/**
 * Doubling delays for something that keeps failing: 250 ms, 500 ms, … 10 s. Starts over after 30 s without a failure.
 * (Kubernetes' CrashLoopBackOff goes from 10 s to 5 min; that is no fun to watch on one's own machine.)
 */
export class Backoff {
  #failures = 0;
  #lastMs = -Infinity;

  /** @param nowMs a clock that never jumps @returns how long to wait before the next try */
  next(nowMs: number): number {
    if (nowMs - this.#lastMs > 3 * maxMs) this.#failures = 0;
    this.#lastMs = nowMs;
    return Math.min(maxMs, firstMs * 2 ** this.#failures++);
  }

  reset(): void {
    this.#failures = 0;
  }
}
