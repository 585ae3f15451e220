/** Between a run and the next one; doubled for as long as each run is followed by another one. */
const leastMs = 10;
const mostMs = 500;
/** Of the time, a run may take one part in so many: a storm of changes does not keep others waiting. */
const share = 10;

/**
 * Runs at once when it is asked to, and then not again for a while: what is asked for meanwhile is one run at its end. A
 * change that comes alone does not wait, and hundreds that come together are few runs.
 */
export class Paced {
  readonly #run: () => void;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = leastMs;
  #notBeforeMs = 0;
  #stopped = false;

  constructor(run: () => void, now = () => performance.now()) {
    this.#run = run;
    this.#now = now;
  }

  /** Never within this call. */
  ask(): void {
    if (this.#stopped || this.#timer !== undefined) return;
    const waitMs = this.#notBeforeMs - this.#now();
    // Nobody has asked for as long as the last pause was: what comes now comes alone again.
    if (waitMs < -this.#pauseMs) this.#pauseMs = leastMs;
    this.#timer = setTimeout(() => this.#start(), Math.max(0, waitMs));
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
    this.#notBeforeMs = endedMs + Math.max(this.#pauseMs, (endedMs - startedMs) * share);
    this.#pauseMs = Math.min(mostMs, this.#pauseMs * 2);
  }
}
