const everyMs = 1000;

/** A timer that goes off once a second for as long as that is of use: a program that does nothing is not woken. */
export class Ticker {
  readonly #tick: () => boolean;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param tick says whether another one may be of use before the next `wake` */
  constructor(tick: () => boolean) {
    this.#tick = tick;
  }

  wake(): void {
    if (this.#timer === undefined && !this.#stopped) this.#start();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #start(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#tick()) this.wake();
    }, everyMs).unref();
  }
}
