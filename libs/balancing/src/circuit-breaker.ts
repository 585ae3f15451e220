import { BalancingError } from './errors.ts';
import { checkInteger } from './limits.ts';
import { RetryBudget, type RetryBudgetOptions } from './retry-budget.ts';

/** `request`: sent to a host. `pending`: waits for a connection. `retry`: a further attempt of a request. */
export type BreakerKind = 'request' | 'pending' | 'retry';

export interface CircuitBreakerOptions {
  /** Each 0 to 1,000,000; default 1024 requests, 1024 pending (Envoy's). */
  maxRequests?: number;
  maxPending?: number;
  /** Absolute, or in proportion to what is under way; default a budget of 20 %, at least 3. */
  maxRetries?: number | RetryBudgetOptions;
}

const maxLimit = 1_000_000;

/** Refuses work at once that would only make a queue longer. One for each service and priority. */
export class CircuitBreaker {
  readonly #limits: { request: number; pending: number };
  readonly #retries: number | RetryBudget;
  readonly #underWay = { request: 0, pending: 0, retry: 0 };
  readonly #refused = { request: 0, pending: 0, retry: 0 };

  /** @throws BalancingError `BAD_OPTION` */
  constructor({ maxRequests = 1024, maxPending = 1024, maxRetries = {} }: CircuitBreakerOptions = {}) {
    this.#limits = {
      request: checkInteger('maxRequests', maxRequests, 0, maxLimit),
      pending: checkInteger('maxPending', maxPending, 0, maxLimit),
    };
    this.#retries =
      typeof maxRetries === 'number'
        ? checkInteger('maxRetries', maxRetries, 0, maxLimit)
        : new RetryBudget(maxRetries);
  }

  /** True if it may start; then `end` must follow, once. */
  tryStart(kind: BreakerKind): boolean {
    if (this.#underWay[kind] >= this.limit(kind)) {
      this.#refused[kind]++;
      return false;
    }
    this.#underWay[kind]++;
    return true;
  }

  /** @throws BalancingError `NOT_STARTED` */
  end(kind: BreakerKind): void {
    if (this.#underWay[kind] === 0) throw new BalancingError('NOT_STARTED', `no ${kind} is under way`);
    this.#underWay[kind]--;
  }

  limit(kind: BreakerKind): number {
    if (kind !== 'retry') return this.#limits[kind];
    if (typeof this.#retries === 'number') return this.#retries;
    return this.#retries.allows(this.#underWay.request + this.#underWay.pending);
  }

  underWay(kind: BreakerKind): number {
    return this.#underWay[kind];
  }

  /** Nothing more of this may start now. A limit of 0 on waiting or retries is a wish, and no breaker that has opened. */
  isOpen(kind: BreakerKind): boolean {
    const limit = this.limit(kind);
    return this.#underWay[kind] >= limit && (limit > 0 || kind === 'request');
  }

  /** How often `tryStart` said no: for metrics. */
  refused(kind: BreakerKind): number {
    return this.#refused[kind];
  }
}
