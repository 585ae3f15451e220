/** At least so long between two runs. */
const leastMs = 10;
/** Of the time, a run may take one part in so many: a storm of changes does not keep others waiting. */
const share = 4;

/** Runs at once when it is asked to, and then not again for a while: what is asked for meanwhile is one run at its end. */
export class Paced {
  readonly #run: () => void;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #notBeforeMs = 0;
  #stopped = false;

  constructor(run: () => void, now = () => performance.now()) {
    this.#run = run;
    this.#now = now;
  }

  /** Never within this call. */
  ask(): void {
    if (this.#stopped) return;
    this.#timer ??= setTimeout(() => this.#start(), Math.max(0, this.#notBeforeMs - this.#now()));
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #start(): void {
    this.#timer = undefined;
    const startedMs = this.#now();
    this.#run();
    const endedMs = this.#now();
    this.#notBeforeMs = endedMs + Math.max(leastMs, (endedMs - startedMs) * share);
  }
}
