import type { NodeInfo } from '../node.ts';
import type { LoadLimits } from './load-limits.ts';
import { emptyLoad, type Load } from './load-report.ts';

/** What one client reported. */
export interface ClientLoad {
  node: NodeInfo;
  lastReportMs: number;
  loads: Iterable<Load>;
}

/** Stands for clusters that are not known, and for what is over the limit. */
export const otherClusters = '(other)';

type Table = Map<string, Load>;

/**
 * Load reports of all clients, summed up: for each cluster and locality, of all and of each client. Clients are told
 * apart by their node id, so one that comes back within `forgetMs` goes on where it was.
 */
export class LoadStore {
  readonly #limits: LoadLimits;
  readonly #knows: (cluster: string) => boolean;
  readonly #totals: Table = new Map();
  readonly #clients = new Map<string, { node: NodeInfo; lastReportMs: number; table: Table }>();
  #clientSums = 0;

  /** @param knows whether there is such a cluster; names of others are the client's invention and are not kept */
  constructor(limits: LoadLimits, knows: (cluster: string) => boolean) {
    this.#limits = limits;
    this.#knows = knows;
  }

  /** Adds a client's report, which tells of the time since its last one. */
  report(node: NodeInfo, loads: readonly Load[], nowMs: number): void {
    const client = this.#client(node, nowMs);
    for (const load of client?.values() ?? []) load.inProgress = 0;
    for (const load of loads) {
      const isKnown = this.#knows(load.cluster);
      const hasRoom = this.#totals.size < this.#limits.totals;
      const total = sumOf(this.#totals, load, isKnown && hasRoom) ?? otherOf(this.#totals);
      add(total, load);
      if (client === undefined) continue;
      const sizeBefore = client.size;
      const own = sumOf(client, load, isKnown && this.#clientSums < this.#limits.clientSums);
      this.#clientSums += client.size - sizeBefore;
      if (own === undefined) continue;
      add(own, load);
      own.inProgress += load.inProgress;
    }
  }

  /** To be called now and then: forgets clients that reported nothing for `forgetMs`, and clusters that are gone. */
  tick(nowMs: number): void {
    for (const [id, { lastReportMs, table }] of this.#clients) {
      if (nowMs - lastReportMs < this.#limits.forgetMs) continue;
      this.#clients.delete(id);
      this.#clientSums -= table.size;
    }
    for (const [key, { cluster }] of this.#totals) {
      if (cluster !== otherClusters && !this.#knows(cluster)) this.#totals.delete(key);
    }
  }

  /** The sums of all clients, since this store was made. Calls in progress are those of the clients told apart. */
  totals(): Load[] {
    const inProgress = new Map<string, number>();
    for (const { table } of this.#clients.values()) {
      for (const [key, load] of table) inProgress.set(key, (inProgress.get(key) ?? 0) + load.inProgress);
    }
    return [...this.#totals].map(([key, load]) => ({ ...load, inProgress: inProgress.get(key) ?? 0 }));
  }

  *clients(): Generator<ClientLoad> {
    for (const { node, lastReportMs, table } of this.#clients.values()) {
      yield { node, lastReportMs, loads: table.values() };
    }
  }

  /** Undefined when there is no room for another client. */
  #client(node: NodeInfo, nowMs: number): Table | undefined {
    let client = this.#clients.get(node.id);
    if (client === undefined) {
      if (this.#clients.size >= this.#limits.clients) return undefined;
      this.#clients.set(node.id, (client = { node, lastReportMs: nowMs, table: new Map() }));
    }
    client.lastReportMs = nowMs;
    return client.table;
  }
}

const keyOf = ({ cluster, region, zone, subZone }: Load) => [cluster, region, zone, subZone].join('\0');

/** The sum that a load belongs to; undefined when there is none and none may be added. */
function sumOf(table: Table, load: Load, mayAdd: boolean): Load | undefined {
  const key = keyOf(load);
  let sum = table.get(key);
  if (sum === undefined && mayAdd) table.set(key, (sum = emptyLoad(load.cluster, load)));
  return sum;
}

function otherOf(table: Table): Load {
  const sum = table.get(otherClusters) ?? emptyLoad(otherClusters);
  table.set(otherClusters, sum);
  return sum;
}

function add(sum: Load, load: Load): void {
  sum.issued += load.issued;
  sum.succeeded += load.succeeded;
  sum.failed += load.failed;
  sum.dropped += load.dropped;
}
