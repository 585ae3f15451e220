/** Between a run and the next one; doubled for as long as each run is followed by another one. */
const leastMs = 10;
const mostMs = 2000;
/** When nobody has asked for so long, a storm is over. */
const quietMs = 200;
/** Of the time, a run may take one part in so many: a storm of changes does not keep others waiting. */
const share = 10;

/**
 * Runs at once when it is asked to, and then not again for a while: what is asked for meanwhile is one run at its end, or as soon
 * as nobody asks any more. A change that comes alone does not wait, and hundreds that come together are few runs.
 */
export class Paced {
  readonly #run: () => void;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  /** 0 = there has been no run of late. */
  #pauseMs = 0;
  #askedMs = -Infinity;
  /** Of the last run. */
  #endedMs = -Infinity;
  #tookMs = 0;
  #stopped = false;

  constructor(run: () => void, now = () => performance.now()) {
    this.#run = run;
    this.#now = now;
  }

  /** Never within this call. */
  ask(): void {
    if (this.#stopped) return;
    const nowMs = this.#now();
    if (nowMs - this.#askedMs >= quietMs) this.#pauseMs = 0;
    this.#askedMs = nowMs;
    if (this.#timer === undefined) this.#wait(nowMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  get #dueMs(): number {
    const pauseEndsMs = this.#endedMs + this.#pauseMs;
    return Math.max(this.#endedMs + this.#tookMs * share, Math.min(pauseEndsMs, this.#askedMs + quietMs));
  }

  #wait(nowMs: number): void {
    this.#timer = setTimeout(() => this.#look(), Math.max(0, this.#dueMs - nowMs));
  }

  #look(): void {
    const startedMs = this.#now();
    // Somebody has asked meanwhile, and the pause is not over.
    if (startedMs < this.#dueMs) return this.#wait(startedMs);
    this.#timer = undefined;
    this.#run();
    this.#endedMs = this.#now();
    this.#tookMs = this.#endedMs - startedMs;
    this.#pauseMs = Math.min(mostMs, Math.max(leastMs, this.#pauseMs * 2));
  }
}
