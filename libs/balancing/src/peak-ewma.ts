import type { Host } from './host.ts';
import type { LatencyModel } from './latency.ts';
import type { Random, Weigh } from './picker.ts';
import { TwoChoices, type ChoicesOptions } from './two-choices.ts';

/**
 * The host that will answer sooner, of two: latency × (active calls + 1), as Finagle and Linkerd have it. Knows slow
 * hosts even when calls do not overlap. Its caller reports latencies to the same model (`LatencyModel.observe`).
 */
export class PeakEwma<T = unknown> extends TwoChoices<T> {
  readonly #latency: LatencyModel;

  /** @throws BalancingError `BAD_OPTION` */
  constructor(
    hosts: readonly Host<T>[],
    random: Random,
    latency: LatencyModel,
    options?: ChoicesOptions,
    weigh?: Weigh<T>,
  ) {
    super(hosts, random, options, weigh);
    this.#latency = latency;
  }

  protected override cost(host: Host<T>, weight: number, nowMs: number): number {
    return this.#latency.costMs(host.stats, weight, nowMs);
  }
}
