import type { CircuitBreaker } from '@evenly/balancing';
import { grpcCodes, type Retry } from '@evenly/mesh-config';

/**
 * Tries again of what provably was not processed, or never sent (gRFC A6, "transparent retries"). They are no load on the
 * endpoint that refused, so no budget counts them, only this.
 */
export const maxTransparentRetries = 5;

/** Whether, and when, a route's policy has a failed call tried again. One for each call that has failed once. */
export class Retries {
  /** Tries begun by policy, the first one included. */
  attempts = 1;
  readonly #policy: Retry;
  readonly #breaker: CircuitBreaker;
  #underWay = false;

  constructor(policy: Retry, breaker: CircuitBreaker) {
    this.#policy = policy;
    this.#breaker = breaker;
  }

  /**
   * Takes a retry's place in the budget, which `ended` gives back.
   * @param pushbackMs what the server said (gRFC A6)
   * @returns how long to wait first; undefined: there is no other try
   */
  next(grpcCode: number, pushbackMs: number | undefined, random: () => number): number | undefined {
    this.ended();
    const { attempts, on, backoff } = this.#policy;
    const code = grpcCodes[grpcCode];
    if (this.attempts >= attempts || !on.some((one) => one === code)) return undefined;
    if (pushbackMs !== undefined && pushbackMs < 0) return undefined;
    if (!this.#breaker.tryStart('retry')) return undefined;
    this.#underWay = true;
    this.attempts++;
    const most = Math.min(backoff.maxMs, backoff.baseMs * 2 ** (this.attempts - 2));
    return pushbackMs ?? random() * most;
  }

  /** The try, or the whole call, has ended. */
  ended(): void {
    if (!this.#underWay) return;
    this.#underWay = false;
    this.#breaker.end('retry');
  }
}
