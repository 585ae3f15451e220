import { XdsError } from '../errors.ts';
import type { StreamLimits } from '../limits.ts';

type RequestLimits = Pick<StreamLimits, 'requestsPerSecond' | 'requestBurst'>;

/** A token bucket: so many requests a second on average, so many at once. */
export class RequestBudget {
  readonly #limits: RequestLimits;
  #tokens: number;
  #atMs: number;

  constructor(limits: RequestLimits, nowMs: number) {
    this.#limits = limits;
    this.#tokens = limits.requestBurst;
    this.#atMs = nowMs;
  }

  /** Allows so many more, for requests that this side causes. */
  earn(requests: number): void {
    this.#tokens = Math.min(this.#limits.requestBurst, this.#tokens + requests);
  }

  /** @throws XdsError TOO_MANY_REQUESTS */
  take(nowMs: number): void {
    const { requestsPerSecond, requestBurst } = this.#limits;
    const earned = ((nowMs - this.#atMs) / 1000) * requestsPerSecond;
    this.#tokens = Math.min(requestBurst, this.#tokens + earned) - 1;
    this.#atMs = nowMs;
    if (this.#tokens < 0) {
      throw new XdsError(
        'TOO_MANY_REQUESTS',
        `more than ${requestsPerSecond} requests a second (burst ${requestBurst})`,
      );
    }
  }
}
