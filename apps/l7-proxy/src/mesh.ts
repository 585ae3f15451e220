import type { MeshConfig, Route, Service } from '@evenly/mesh-config';
import { RouteStats } from './metrics/route-stats.ts';
import { RouteTable } from './routing/route-table.ts';
import { Cluster, type ClusterContext } from './upstream/cluster.ts';

/**
 * The config at work: a cluster for each service and subset, for as long as one is described, and tables of routes that lead
 * to them. Calls hold on to the route and the cluster that they began with, so a reload drops none.
 */
export class Mesh {
  readonly #context: ClusterContext;
  readonly #clusters = new Map<string, Cluster>();
  readonly #stats = new Map<string, RouteStats>();

  constructor(context: ClusterContext) {
    this.#context = context;
  }

  get clusters(): Iterable<Cluster> {
    return this.#clusters.values();
  }

  /** By the names of routes, those of former configs too: counters must not go back. */
  get stats(): ReadonlyMap<string, RouteStats> {
    return this.#stats;
  }

  /** Starts clusters that are new, and tells the others how they are described now. Routes must be made after it. */
  apply(config: MeshConfig): void {
    for (const service of config.services.values()) {
      for (const subset of [undefined, ...service.subsets.keys()]) this.#applyCluster(service, subset);
    }
  }

  /** Lets go of clusters that the config no longer has: after the routes to them are gone. */
  retain(config: MeshConfig): void {
    const wanted = new Set(
      [...config.services.values()].flatMap((service) =>
        [undefined, ...service.subsets.keys()].map((subset) => keyOf(service.name, subset)),
      ),
    );
    for (const [key, cluster] of this.#clusters) {
      if (wanted.has(key)) continue;
      this.#clusters.delete(key);
      cluster.retire();
    }
  }

  /** The routes of a listener, made ready. */
  tableOf(routes: readonly Route[]): RouteTable<Cluster> {
    return new RouteTable(routes, {
      destinationOf: (service, subset) => this.#clusters.get(keyOf(service, subset))!,
      statsOf: (route) => this.#statsOf(route),
    });
  }

  /** About once a second. */
  tick(nowMs: number): void {
    for (const cluster of this.#clusters.values()) cluster.tick(nowMs);
  }

  close(): void {
    for (const cluster of this.#clusters.values()) cluster.close();
    this.#clusters.clear();
  }

  #applyCluster(service: Service, subset: string | undefined): void {
    const key = keyOf(service.name, subset);
    const running = this.#clusters.get(key);
    if (running === undefined) this.#clusters.set(key, new Cluster(service, subset, this.#context));
    else running.update(service);
  }

  #statsOf(route: string): RouteStats {
    const known = this.#stats.get(route);
    if (known !== undefined) return known;
    const stats = new RouteStats();
    this.#stats.set(route, stats);
    return stats;
  }
}

function keyOf(service: string, subset: string | undefined): string {
  return subset === undefined ? service : `${service}/${subset}`;
}
