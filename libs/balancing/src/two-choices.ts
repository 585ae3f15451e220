import type { Host } from './host.ts';
import { checkInteger } from './limits.ts';
import type { Picker, Random, Weigh } from './picker.ts';
import { Sampler } from './sampler.ts';

export interface ChoicesOptions {
  /** Hosts drawn and compared for each pick: 2 (default) to 10, as gRFC A48 has it. */
  choices?: number;
}

/**
 * The power of two choices: draws two hosts at random and takes the cheaper. Two draws are enough to keep the most
 * loaded host near the mean (log log n), cost the same for any number of hosts, and do not make a herd: "the best of
 * all" would send every call of every client to the same host until its load becomes known.
 *
 * Hosts are drawn in proportion to their weight, and the first wins ties, so an idle cluster is shared by weight as
 * well. When the same heavy host is drawn twice, any other may take the call if it costs less than half: comparing
 * always would favour light hosts, comparing never would keep calling a heavy host that is slow or stuck.
 */
export abstract class TwoChoices<T> implements Picker<T> {
  readonly #hosts: readonly Host<T>[];
  /** Relative to the mean, so that costs do not depend on the unit of the weights. */
  readonly #weights: Float64Array;
  readonly #sampler: Sampler;
  readonly #choices: number;

  /** @throws BalancingError `BAD_OPTION` */
  constructor(
    hosts: readonly Host<T>[],
    random: Random,
    options: ChoicesOptions = {},
    weigh: Weigh<T> = (host) => host.weight,
  ) {
    this.#choices = checkInteger('choices', options.choices ?? 2, 2, 10);
    this.#hosts = hosts.filter((host) => weigh(host) > 0);
    const weights = this.#hosts.map(weigh);
    const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
    this.#weights = Float64Array.from(weights, (weight) => weight / mean);
    this.#sampler = new Sampler(weights, random);
  }

  /** What one more call on this host costs; `weight` is relative to the mean of the hosts. */
  protected abstract cost(host: Host<T>, weight: number, nowMs: number): number;

  pick(nowMs: number): Host<T> | undefined {
    if (this.#hosts.length < 2) return this.#hosts[0];
    const first = this.#sampler.draw();
    let best = first;
    let bestCost = this.#costOf(first, nowMs);
    for (let choice = 1; choice < this.#choices; choice++) {
      const second = this.#sampler.drawSecond(first);
      const isSame = second === first;
      const other = isSame ? this.#sampler.drawOther(first) : second;
      const cost = this.#costOf(other, nowMs) * (isSame ? 2 : 1);
      if (cost < bestCost) {
        best = other;
        bestCost = cost;
      }
    }
    return this.#hosts[best];
  }

  #costOf(index: number, nowMs: number): number {
    return this.cost(this.#hosts[index]!, this.#weights[index]!, nowMs);
  }
}
