/**
 * Lets the first of several changes through at once, and those that follow within a window together at its end: a
 * single change is not delayed, a storm of them is one push a window.
 */
export class Coalescer<T> {
  readonly #windowMs: number;
  readonly #flush: (items: ReadonlySet<T>) => void;
  #pending = new Set<T>();
  #timer: NodeJS.Timeout | undefined;

  constructor(windowMs: number, flush: (items: ReadonlySet<T>) => void) {
    this.#windowMs = windowMs;
    this.#flush = flush;
  }

  add(items: Iterable<T>): void {
    for (const item of items) this.#pending.add(item);
    if (this.#timer === undefined) this.#send();
  }

  /** Nothing leaves any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#pending.clear();
  }

  #send(): void {
    const items = this.#pending;
    this.#timer = undefined;
    if (items.size === 0) return;
    this.#pending = new Set();
    this.#timer = setTimeout(() => this.#send(), this.#windowMs);
    this.#flush(items);
  }
}
