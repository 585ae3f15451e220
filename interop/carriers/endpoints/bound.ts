/**
 * How far counts may be from shares. Of `calls` independent calls that come to somebody with the chance p, count / calls is
 * as far from p as q, on the same side, with a probability of at most exp(-calls × KL(q, p)) (Chernoff's bound), where
 * KL(q, p) = q ln(q / p) + (1 - q) ln((1 - q) / (1 - p)).
 *
 * It holds for calls that are dealt more evenly too: of all whole numbers with one mean, those next to it have the least
 * E[exp(t × count)], by which the bound is derived. So it covers a draw of localities with turns among their endpoints.
 */
export function tailProbability(count: number, calls: number, chance: number): number {
  const share = count / calls;
  return Math.min(1, Math.exp(-calls * (part(share, chance) + part(1 - share, 1 - chance))));
}

const part = (q: number, p: number) => (q === 0 ? 0 : q * Math.log(q / p));

/** False alarms of all checks of one run together, at most. */
const falseAlarms = 1e-6;

/** Shares the false alarms of a run among its checks (Bonferroni): each may be wrong with `falseAlarms / most`. */
export class Checks {
  readonly #most: number;
  #made = 0;

  /** @param most checks of this run: more are an error, or the bound would not hold */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether chance alone may have led to this count. Who gets all calls, or none, leaves nothing to chance. */
  isLikely(count: number, calls: number, chance: number): boolean {
    if (++this.#made > this.#most) throw new Error(`more than ${this.#most} checks`);
    return tailProbability(count, calls, chance) >= falseAlarms / (2 * this.#most); // two sides
  }
}
