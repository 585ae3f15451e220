import { setTimeout as delay } from 'node:timers/promises';
import { Backoff } from '@evenly/endpoints';

/** How many are under way at a time. */
const maxAtOnce = 8;

/**
 * Does what is to be done for each key, a few at a time, each key once at a time: what is asked for meanwhile is one more
 * time. What fails is done again after a while, until it succeeds or nobody wants it any more.
 */
export class KeyedWork {
  readonly #work: (key: string) => Promise<void>;
  readonly #onError: (key: string, error: Error) => void;
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  readonly #backoffs = new Map<string, Backoff>();
  readonly #stopped = new AbortController();

  /** @param work looks itself what is wanted now; throws: to be done again */
  constructor(work: (key: string) => Promise<void>, onError: (key: string, error: Error) => void) {
    this.#work = work;
    this.#onError = onError;
  }

  add(key: string): void {
    if (this.#stopped.signal.aborted) return;
    this.#waiting.add(key);
    this.#next();
  }

  stop(): void {
    this.#stopped.abort();
    this.#waiting.clear();
  }

  #next(): void {
    for (const key of this.#waiting) {
      if (this.#running.size >= maxAtOnce) return;
      if (this.#running.has(key)) continue;
      this.#waiting.delete(key);
      this.#running.add(key);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    try {
      await this.#work(key);
      this.#backoffs.delete(key);
    } catch (error) {
      if (!this.#stopped.signal.aborted) {
        this.#onError(key, error as Error);
        this.#later(key);
      }
    }
    this.#running.delete(key);
    this.#next();
  }

  #later(key: string): void {
    const { signal } = this.#stopped;
    const backoff = this.#backoffs.get(key) ?? new Backoff();
    this.#backoffs.set(key, backoff);
    delay(backoff.next(), undefined, { signal, ref: false }).then(
      () => this.add(key),
      () => undefined,
    );
  }
}
