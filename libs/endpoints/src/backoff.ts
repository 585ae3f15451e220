export interface BackoffOptions {
  /** Upper bound of the first wait, default 200 ms. */
  initialMs?: number;
  /** Upper bound of every wait, default 30 s. */
  maxMs?: number;
  /** From 0 to 1; for tests. */
  random?: () => number;
}

/**
 * How long to wait after a failure: a bound that doubles, and from half of it to all of it by chance, so that many who
 * lost the same server do not come back at the same moment.
 */
export class Backoff {
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #boundMs: number;

  constructor({ initialMs = 200, maxMs = 30_000, random = Math.random }: BackoffOptions = {}) {
    this.#initialMs = initialMs;
    this.#maxMs = maxMs;
    this.#random = random;
    this.#boundMs = initialMs;
  }

  next(): number {
    const bound = Math.min(this.#boundMs, this.#maxMs);
    this.#boundMs = Math.min(this.#boundMs * 2, this.#maxMs);
    return bound * (0.5 + this.#random() / 2);
  }

  /** After a success: the next failure is a first one. */
  reset(): void {
    this.#boundMs = this.#initialMs;
  }
}
