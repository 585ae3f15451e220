import { randomInt } from 'node:crypto';

/** Second octets that clusters of this process use. */
const taken = new Set<number>();

/**
 * Loopback addresses for the pods and services of one cluster: `127.<cluster>.<service>.<pod>`. Linux answers on all of
 * 127.0.0.0/8 without being asked to; other systems only on those that were configured.
 */
export class Addresses {
  readonly #cluster: number;

  constructor() {
    let cluster = randomInt(1, 255);
    // Two clusters of one process never share addresses; with those of other processes chance must do.
    for (let attempts = 0; taken.has(cluster) && attempts < 1000; attempts++) cluster = randomInt(1, 255);
    taken.add(cluster);
    this.#cluster = cluster;
  }

  /** For a connection-level virtual IP. @param service its place among the cluster's services, from 0 */
  ofService(service: number): string {
    return `127.${this.#cluster}.${service}.0`;
  }

  /** A number comes back after 250 pods: far more than run at a time. @param pod its number, from 1 */
  ofPod(service: number, pod: number): string {
    return `127.${this.#cluster}.${service}.${((pod - 1) % 250) + 1}`;
  }

  release(): void {
    taken.delete(this.#cluster);
  }
}
