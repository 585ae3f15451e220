/** A signal that follows another one, and also fires after a time. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal;
  readonly #onAbort = () => this.#controller.abort();
  readonly #unref: boolean;
  #timer: NodeJS.Timeout | undefined;
  #expired = false;
  #ms = 0;

  /** @param unref the timer does not keep the process alive */
  constructor(parent: AbortSignal, ms: number, unref = false) {
    this.#unref = unref;
    this.#parent = parent;
    parent.addEventListener('abort', this.#onAbort, { once: true });
    if (parent.aborted) this.#controller.abort();
    else this.extend(ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** True when the time was up before the end. */
  get expired(): boolean {
    return this.#expired;
  }

  get ms(): number {
    return this.#ms;
  }

  /** Counts anew from now. */
  extend(ms: number): void {
    clearTimeout(this.#timer);
    this.#ms = ms;
    this.#timer = setTimeout(() => {
      this.#expired = true;
      this.#controller.abort();
    }, ms);
    if (this.#unref) this.#timer.unref();
  }

  /** Lets go of the timer and the other signal. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#parent.removeEventListener('abort', this.#onAbort);
  }
}
