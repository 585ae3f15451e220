import type { CircuitBreaker, Host } from '@evenly/balancing';
import { grpcCodes, type Hedge } from '@evenly/mesh-config';
import type { Attempt } from '../../upstream/attempt.ts';
import type { EndpointPool } from '../../upstream/endpoint-pool.ts';

/** The attempts of a hedged call (gRFC A6), and whether there may be more. */
export class Hedging {
  /** Under way. */
  readonly live: Attempt[] = [];
  /** That have, or had, an attempt. */
  readonly hosts: Host<EndpointPool>[] = [];
  /** Sent, but for those that only replaced one that was not processed. */
  attempts = 0;
  readonly policy: Hedge;
  readonly #breaker: CircuitBreaker;
  /** Those beside the first one, each of which has a place in the retry budget. */
  readonly #counted = new Set<Attempt>();
  /** There is a place for one that has not been sent yet. */
  #hasPlace = false;
  #stopped = false;

  constructor(policy: Hedge, breaker: CircuitBreaker) {
    this.policy = policy;
    this.#breaker = breaker;
  }

  /** Whether one more may be sent; takes its place in the retry budget, which it has until it ends. */
  next(): boolean {
    if (this.#hasPlace) return true;
    if (this.#stopped || this.attempts >= this.policy.attempts) return false;
    this.#hasPlace = this.#breaker.tryStart('retry');
    return this.#hasPlace;
  }

  /** The place is not needed: no endpoint was found, or the call has ended. */
  giveBack(): void {
    if (!this.#hasPlace) return;
    this.#hasPlace = false;
    this.#breaker.end('retry');
  }

  started(attempt: Attempt): void {
    this.live.push(attempt);
    this.hosts.push(attempt.host);
    if (this.#hasPlace) {
      this.#hasPlace = false;
      this.#counted.add(attempt);
    }
    if (this.attempts === 0 || this.#counted.has(attempt)) this.attempts++;
  }

  ended(attempt: Attempt): void {
    const index = this.live.indexOf(attempt);
    if (index >= 0) this.live.splice(index, 1);
    if (this.#counted.delete(attempt)) this.#breaker.end('retry');
  }

  /** No more are sent. */
  stop(): void {
    this.#stopped = true;
  }

  isTriedBy(host: Host<EndpointPool>): boolean {
    return this.live.some((attempt) => attempt.host === host);
  }

  /** Whether a status ends the call, whatever other attempts may bring. */
  isFatal(grpcStatus: number): boolean {
    const code = grpcCodes[grpcStatus];
    return !this.policy.nonFatal.some((one) => one === code);
  }
}
