import { checkInteger, checkNumber } from './limits.ts';

export interface RetryBudgetOptions {
  /** Retries under way per request under way, 0 to 1; default 0.2. */
  ratio?: number;
  /** Retries that may always be under way, so that a quiet service can retry at all: 0 to 1,000,000, default 3. */
  minConcurrency?: number;
}

/** Keeps retries from multiplying the load on backends that fail because of load (Envoy's retry budget). */
export class RetryBudget {
  readonly #ratio: number;
  readonly #minConcurrency: number;

  /** @throws BalancingError `BAD_OPTION` */
  constructor({ ratio = 0.2, minConcurrency = 3 }: RetryBudgetOptions = {}) {
    this.#ratio = checkNumber('ratio', ratio, 0, 1);
    this.#minConcurrency = checkInteger('minConcurrency', minConcurrency, 0, 1_000_000);
  }

  /** How many retries may be under way beside so many requests. */
  allows(requestsUnderWay: number): number {
    return Math.max(this.#minConcurrency, Math.floor(this.#ratio * requestsUnderWay));
  }
}
