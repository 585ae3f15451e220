/** After this long without it, a reason is told again. */
const quietMs = 10 * 60_000;
/** Reasons that are remembered; a reason beyond them takes the oldest one's place. */
const maxReasons = 1000;

/**
 * Keeps a log from saying the same thing again and again: not only twice in a row, but also when two reasons alternate,
 * or when a thing fails and recovers all the time. Numbers in a reason (times, ports of ours) do not make it another.
 */
export class SaidOnce {
  readonly #now: () => number;
  /** Made with the first reason: there is one of these for each service. */
  #seenAtMs: Map<string, number> | undefined;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether it is the first time, or the first after a quiet time. @param about whose reason it is, told apart as it stands */
  isNew(reason: string, about = ''): boolean {
    const key = `${about}\0${reason.replace(/\d+/g, '#').slice(0, 500)}`;
    const nowMs = this.#now();
    const seen = (this.#seenAtMs ??= new Map<string, number>());
    const seenAtMs = seen.get(key);
    seen.delete(key); // to the end: the first one is the oldest
    seen.set(key, nowMs);
    if (seen.size > maxReasons) seen.delete(seen.keys().next().value!);
    return seenAtMs === undefined || nowMs - seenAtMs >= quietMs;
  }
}
