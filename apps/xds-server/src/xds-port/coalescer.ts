import type { CacheChange, ResourceType } from '@evenly/xds';

/**
 * Lets the first of several changes through at once, and those that follow within a window together at its end: a
 * single change is not delayed, a storm of them is one push a window.
 */
export class Coalescer {
  readonly #windowMs: number;
  readonly #flush: (changed: CacheChange) => void;
  #pending = new Map<ResourceType, Set<string>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(windowMs: number, flush: (changed: CacheChange) => void) {
    this.#windowMs = windowMs;
    this.#flush = flush;
  }

  add(changed: CacheChange): void {
    for (const [type, names] of changed) {
      const pending = this.#pending.get(type);
      if (pending === undefined) this.#pending.set(type, new Set(names));
      else for (const name of names) pending.add(name);
    }
    if (this.#timer === undefined) this.#send();
  }

  /** Nothing leaves any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#pending.clear();
  }

  #send(): void {
    const changed = this.#pending;
    this.#timer = undefined;
    if (changed.size === 0) return;
    this.#pending = new Map();
    this.#timer = setTimeout(() => this.#send(), this.#windowMs);
    this.#flush(changed);
  }
}
