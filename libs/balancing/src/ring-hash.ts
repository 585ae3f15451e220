import { BalancingError } from './errors.ts';
import { hashRange, hashText, mixHash } from './hash.ts';
import type { Host } from './host.ts';
import { checkInteger, maxHosts } from './limits.ts';
import type { Picker, Random } from './picker.ts';

export interface RingHashOptions {
  /** Points on the ring for each unit of weight: 1 to 4096, default 256 (shares differ by about 1/√256 = 6 %). */
  pointsPerWeight?: number;
  /** 1024 to 1,048,576, default 65,536. Where the points would be more, their number is halved until they fit. */
  maxRingSize?: number;
}

/** Low bits of a point: the index of its host. The 36 bits above are its place on the ring. */
const indexRange = 2 ** 17;

/**
 * The same host for the same hash, as long as it is there: consistent hashing as in ketama, each host with many
 * points on a ring. A host that leaves gives its keys to the others, and no key moves between those that stay.
 *
 * Envoy and gRPC (A42) derive the number of points from a minimum ring size and the number of hosts, so that every
 * change of that number moves points of all hosts. Here it depends on the host alone, until `maxRingSize` is reached.
 */
export class RingHash<T = unknown> implements Picker<T> {
  readonly #hosts: readonly Host<T>[];
  readonly #random: Random;
  /** Ascending. One sorted number a point: no objects, no second array. */
  readonly #points: Float64Array;

  /** @throws BalancingError `BAD_OPTION`, `TOO_MANY` */
  constructor(hosts: readonly Host<T>[], random: Random, options: RingHashOptions = {}) {
    const maxRingSize = checkInteger('maxRingSize', options.maxRingSize ?? 65_536, 1024, 1_048_576);
    const pointsPerWeight = checkInteger('pointsPerWeight', options.pointsPerWeight ?? 256, 1, 4096);
    if (hosts.length > maxHosts)
      throw new BalancingError('TOO_MANY', `at most ${maxHosts} hosts fit on a ring`);
    this.#random = random;
    this.#hosts = hosts.filter((host) => host.weight > 0);
    this.#points = pointsOf(this.#hosts, pointsPerWeight, Math.max(maxRingSize, this.#hosts.length));
  }

  get size(): number {
    return this.#points.length;
  }

  /** Without a hash the call sticks to nothing, and any host will do. */
  pick(_nowMs: number, hash: number = this.#random() * hashRange): Host<T> | undefined {
    const points = this.#points;
    if (points.length === 0) return undefined;
    const place = Math.floor(hash / indexRange) * indexRange;
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (points[middle]! < place) low = middle + 1;
      else high = middle;
    }
    return this.#hosts[points[low === points.length ? 0 : low]! % indexRange];
  }
}

function pointsOf(hosts: readonly Host[], pointsPerWeight: number, maxRingSize: number): Float64Array {
  const counts = () => hosts.map((host) => Math.max(1, Math.round(host.weight * pointsPerWeight)));
  // Halving keeps half of all points where they were, and happens rarely: at each doubling of the hosts.
  while (total(counts()) > maxRingSize) pointsPerWeight /= 2;
  const points = new Float64Array(total(counts()));
  let next = 0;
  counts().forEach((count, index) => {
    const hash = hashText(hosts[index]!.key);
    for (let i = 0; i < count; i++) {
      points[next++] = Math.floor(mixHash(hash, i) / indexRange) * indexRange + index;
    }
  });
  return points.sort();
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
