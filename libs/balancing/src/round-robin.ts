import type { Host } from './host.ts';
import type { Picker, Random } from './picker.ts';

/** Every host in turn. Weights do not matter. */
export class RoundRobin<T = unknown> implements Picker<T> {
  readonly #hosts: readonly Host<T>[];
  #next: number;

  /** Starts anywhere: clients that start together must not all call the first host first (gRFC A58 does the same). */
  constructor(hosts: readonly Host<T>[], random: Random) {
    this.#hosts = hosts;
    this.#next = Math.floor(random() * hosts.length);
  }

  pick(): Host<T> | undefined {
    const host = this.#hosts[this.#next];
    this.#next = this.#next + 1 < this.#hosts.length ? this.#next + 1 : 0;
    return host;
  }
}
