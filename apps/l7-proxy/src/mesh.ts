import { hostsOf, Memo, routesOf, type Listener, type MeshConfig, type Route } from '@evenly/mesh-config';
import { RouteStats } from './stats/route-stats.ts';
import { RouteTable, type ReadyRoute } from './routing/route-table.ts';
import { Cluster, type ClusterContext } from './upstream/cluster.ts';

/** A config that can be put to work. */
export interface PreparedMesh {
  /** The routes of a listener, made ready. */
  tableOf(listener: Listener): RouteTable<Cluster>;
  /** Puts it to work, in one go; `retain` follows when the routes of the config before are gone. */
  commit(): void;
}

/**
 * The config at work: a cluster for each service and subset, for as long as one is described, and tables of routes that lead
 * to them. Calls hold on to the route and the cluster that they began with, so a reload drops none.
 */
export class Mesh {
  readonly #context: ClusterContext;
  readonly #clusters = new Map<string, Cluster>();
  readonly #stats = new Map<string, RouteStats>();
  readonly #ready = new Memo<Route, ReadyRoute<Cluster>>();

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

  /**
   * Makes ready all that a config needs: clusters that are new, what changes of the others, tables of routes. Whatever can
   * fail fails here, and nothing of the config is at work before `commit`.
   */
  prepare(config: MeshConfig): PreparedMesh {
    const clusters = new Map<string, Cluster>();
    const commits: (() => void)[] = [];
    for (const service of config.services.values()) {
      for (const subset of [undefined, ...service.subsets.keys()]) {
        const key = keyOf(service.name, subset);
        const running = this.#clusters.get(key);
        const cluster = running ?? new Cluster(service, subset, this.#context);
        clusters.set(key, cluster);
        commits.push(running?.prepare(service) ?? (() => this.#start(key, cluster)));
      }
    }
    return {
      tableOf: (listener) => {
        const routes = routesOf(config, listener);
        return new RouteTable(routes, hostsOf(config, listener), {
          destinationOf: (service, subset) => clusters.get(keyOf(service, subset))!,
          statsOf: (route) => this.#statsOf(route),
          known: this.#ready,
        });
      },
      commit: () => {
        for (const commit of commits) commit();
      },
    };
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

  /** See `Cluster.tick`. */
  tick(nowMs: number): boolean {
    let again = false;
    for (const cluster of this.#clusters.values()) again = cluster.tick(nowMs) || again;
    return again;
  }

  close(): void {
    for (const cluster of this.#clusters.values()) cluster.close();
    this.#clusters.clear();
  }

  #start(key: string, cluster: Cluster): void {
    this.#clusters.set(key, cluster);
    cluster.start();
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
