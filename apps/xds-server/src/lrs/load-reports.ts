import { Counter, Gauge, type Registry } from 'prom-client';
import { defaultLoadLimits, LoadStore, type Load, type LoadLimits, type ResourceCache } from '@evenly/xds';
import type { ServerConfig } from '../config.ts';

/** All that is known of who sends how much where. */
export interface LoadReports {
  store: LoadStore;
  limits: LoadLimits;
  /** How often clients are asked to report. */
  intervalMs: number;
  /** Nothing is forgotten any more. */
  stop(): void;
}

export interface LoadStatus {
  /** Sums since this server started, for each cluster and locality. */
  totals: Load[];
  clients: { node: string; agoMs: number; loads: Load[] }[];
}

/** Clients that the status lists; there may be thousands. */
const maxListed = 1000;

/** Collects load reports, and tells their sums as metrics. */
export function loadReports(
  cache: ResourceCache,
  { loadInterval, loadForgetAfter }: Pick<ServerConfig, 'loadInterval' | 'loadForgetAfter'>,
  registry: Registry,
): LoadReports {
  const limits = { ...defaultLoadLimits, forgetMs: loadForgetAfter };
  const store = new LoadStore(limits, (cluster) => cache.has('cluster', cluster));
  const ticker = setInterval(() => store.tick(performance.now()), 1000);
  loadMetrics(store, registry);
  return { store, limits, intervalMs: loadInterval, stop: () => clearInterval(ticker) };
}

export function loadStatus({ store }: LoadReports, nowMs: number): LoadStatus {
  const clients = [...store.clients()].slice(0, maxListed).map(({ node, lastReportMs, loads }) => ({
    node: node.id,
    agoMs: nowMs - lastReportMs,
    loads: [...loads],
  }));
  return { totals: store.totals(), clients };
}

/** The sums as metrics, one label set for each cluster and locality: as many at most as the store keeps. */
function loadMetrics(store: LoadStore, registry: Registry): void {
  const at = ['cluster', 'region', 'zone', 'sub_zone'] as const;
  const labels = ({ cluster, region, zone, subZone }: Load) => ({ cluster, region, zone, sub_zone: subZone });
  new Counter({
    name: 'evenly_load_calls_total',
    help: 'Calls that clients reported, by how they ended: succeeded, failed, or dropped before an endpoint was picked',
    labelNames: [...at, 'result'],
    registers: [registry],
    collect() {
      this.reset();
      for (const load of store.totals()) {
        for (const result of ['succeeded', 'failed', 'dropped'] as const) {
          this.inc({ ...labels(load), result }, load[result]);
        }
      }
    },
  });
  new Counter({
    name: 'evenly_load_issued_calls_total',
    help: 'Calls that clients reported to have begun',
    labelNames: at,
    registers: [registry],
    collect() {
      this.reset();
      for (const load of store.totals()) this.inc(labels(load), load.issued);
    },
  });
  new Gauge({
    name: 'evenly_load_calls_in_progress',
    help: 'Calls under way by the last report of each client',
    labelNames: at,
    registers: [registry],
    collect() {
      this.reset();
      for (const load of store.totals()) this.set(labels(load), load.inProgress);
    },
  });
}
