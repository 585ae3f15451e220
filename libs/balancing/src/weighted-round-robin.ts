import type { Host } from './host.ts';
import type { Picker, Random, Weigh } from './picker.ts';

/**
 * Every host in turn, in proportion to its weight, evenly interleaved: earliest deadline first. Host i is due at
 * (k + phase) / weight for k = 0, 1, 2 …; a pick takes the host that is due first. So any stretch of time holds
 * weight × length picks of a host, give or take one, and `sum of weights` picks hold exactly `weight` of each.
 *
 * gRPC replaced this by the static stride scheduler (gRFC A58) because the heap needed a lock. There is none here,
 * and the heap costs log n whatever the weights, where strides skip max/mean hosts per pick, and takes the fractions
 * of slow start as they are.
 */
export class WeightedRoundRobin<T = unknown> implements Picker<T> {
  readonly #hosts: readonly Host<T>[];
  readonly #weights: Float64Array;
  readonly #phases: Float64Array;
  /** Times picked: the deadline is computed from it, since adding up would drift. */
  readonly #picks: Float64Array;
  readonly #deadlines: Float64Array;
  /** Indexes of hosts; the parent of i is at (i - 1) / 2, and due no later. */
  readonly #heap: Uint32Array;

  /** Hosts that weigh 0 get no calls. Random phases keep clients that start together out of step. */
  constructor(hosts: readonly Host<T>[], random: Random, weigh: Weigh<T> = (host) => host.weight) {
    this.#hosts = hosts.filter((host) => weigh(host) > 0);
    const size = this.#hosts.length;
    this.#weights = Float64Array.from(this.#hosts, weigh);
    this.#phases = Float64Array.from(this.#hosts, () => random());
    this.#picks = new Float64Array(size);
    this.#deadlines = this.#phases.map((phase, index) => phase / this.#weights[index]!);
    this.#heap = Uint32Array.from(this.#hosts, (_, index) => index);
    this.#heap.sort((a, b) => this.#deadlines[a]! - this.#deadlines[b]!);
  }

  pick(): Host<T> | undefined {
    if (this.#hosts.length < 2) return this.#hosts[0];
    const index = this.#heap[0]!;
    const picks = this.#picks[index]! + 1;
    this.#picks[index] = picks;
    this.#deadlines[index] = (picks + this.#phases[index]!) / this.#weights[index]!;
    this.#sinkFirst();
    return this.#hosts[index];
  }

  #sinkFirst(): void {
    const heap = this.#heap;
    const deadlines = this.#deadlines;
    const moving = heap[0]!;
    const due = deadlines[moving]!;
    let place = 0;
    for (let child = 1; child < heap.length; child = 2 * place + 1) {
      if (child + 1 < heap.length && deadlines[heap[child + 1]!]! < deadlines[heap[child]!]!) child++;
      if (due <= deadlines[heap[child]!]!) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = moving;
  }
}
