import type { Host } from './host.ts';
import type { Picker, Random, Weigh } from './picker.ts';
import { Sampler } from './sampler.ts';

/**
 * Any host, in proportion to its weight. Remembers nothing, so that many callers never fall in step; counts differ by
 * chance, where turns differ by one.
 */
export class RandomChoice<T = unknown> implements Picker<T> {
  readonly #hosts: readonly Host<T>[];
  readonly #sampler: Sampler;

  constructor(hosts: readonly Host<T>[], random: Random, weigh: Weigh<T> = (host) => host.weight) {
    this.#hosts = hosts;
    this.#sampler = new Sampler(hosts.map(weigh), random);
  }

  pick(): Host<T> | undefined {
    return this.#hosts[this.#sampler.draw()];
  }
}
