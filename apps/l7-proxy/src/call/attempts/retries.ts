import type { CircuitBreaker, Host } from '@evenly/balancing';
import { grpcCodes, type Retry } from '@evenly/mesh-config';
import type { EndpointPool } from '../../upstream/endpoint-pool.ts';

/**
 * Tries again of what provably was not processed, or never sent (gRFC A6, "transparent retries"). They are no load on the
 * endpoint that refused, so no budget counts them, only this.
 */
const maxTransparentRetries = 5;

/** Where a call was tried, and whether, and when, it is tried again. One for each call that has failed once. */
export class Retries {
  /** Tries begun by policy, the first one included. */
  attempts = 1;
  /** Hosts to avoid, if there are others. */
  readonly tried: Host<EndpointPool>[] = [];
  readonly #breaker: CircuitBreaker;
  #transparent = 0;
  #underWay = false;

  constructor(breaker: CircuitBreaker) {
    this.#breaker = breaker;
  }

  /** Whether what was not processed is tried again at once. */
  again(host: Host<EndpointPool>): boolean {
    if (this.#transparent >= maxTransparentRetries) return false;
    this.#transparent++;
    this.tried.push(host);
    return true;
  }

  /**
   * Whether a policy has it tried again. Takes a retry's place in the budget, which `ended` gives back.
   * @param grpcCode undefined: the time of one attempt was over, after which there is another whatever the policy's codes are
   * @param pushbackMs what the server said (gRFC A6)
   * @returns how long to wait first; undefined: there is no other attempt
   */
  next(
    policy: Retry,
    host: Host<EndpointPool>,
    grpcCode: number | undefined,
    pushbackMs: number | undefined,
    random: () => number,
  ): number | undefined {
    this.ended();
    const { attempts, on, backoff } = policy;
    if (this.attempts >= attempts) return undefined;
    if (grpcCode !== undefined && !on.some((one) => one === grpcCodes[grpcCode])) return undefined;
    if (pushbackMs !== undefined && pushbackMs < 0) return undefined;
    if (!this.#breaker.tryStart('retry')) return undefined;
    this.#underWay = true;
    this.attempts++;
    this.tried.push(host);
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
