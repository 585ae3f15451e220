import { LocalCluster, type ClusterOptions } from './cluster.ts';
import type { ServiceSpec } from './service.ts';

/** Says what a cluster should have, then starts it. */
export class ClusterBuilder {
  readonly #cluster: LocalCluster;

  constructor(options: ClusterOptions) {
    this.#cluster = new LocalCluster(options);
  }

  service(name: string, spec: ServiceSpec): this {
    this.#cluster.add(name, spec);
    return this;
  }

  /** Resolves when all pods run and DNS answers. Throws as `LocalCluster.start` does. */
  start(): Promise<LocalCluster> {
    return this.#cluster.start();
  }
}

/**
 * ```ts
 * const cluster = await localCluster()
 *   .service('be1-srv', { replicas: 2, command: ({ name, host }) => ['node', 'pod.js', '--name', name, '--host', host] })
 *   .start();
 * ```
 */
export function localCluster(options: ClusterOptions = {}): ClusterBuilder {
  return new ClusterBuilder(options);
}
