import type { MemoryBudget } from '@evenly/http2';
import type { ClusterState } from '@evenly/live-mesh';
import { Counter, Gauge, type Registry } from 'prom-client';
import { ExchangeCounts } from './xds-port/exchange-counts.ts';

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics(registry: Registry) {
  const metrics = register(registry);
  // Before there is one, `increase()` of Prometheus misses the first event of a series.
  for (const result of ['taken', 'refused']) metrics.certificateReloads.inc({ result }, 0);
  metrics.certificateExpiry.remove(); // prom-client begins with 0, which an alert takes for 1970
  return metrics;
}

function register(registry: Registry) {
  const registers = [registry];
  return {
    endpoints: new Gauge({
      name: 'evenly_endpoints',
      help: 'Endpoints that are served to clients',
      labelNames: ['service'],
      registers,
    }),
    unhealthy: new Gauge({
      name: 'evenly_endpoints_unhealthy',
      help: 'Endpoints that fail their health check',
      labelNames: ['service'],
      registers,
    }),
    sourceErrors: new Counter({
      name: 'evenly_source_errors_total',
      help: 'Failed look-ups and rounds of health checks in which nobody answered',
      labelNames: ['service', 'code'],
      registers,
    }),
    snapshotErrors: new Counter({
      name: 'evenly_snapshot_errors_total',
      help: 'Attempts to read or write the snapshot that failed',
      registers,
    }),
    configErrors: new Counter({
      name: 'evenly_config_errors_total',
      help: 'Config files that were refused; the last good one stayed',
      registers,
    }),
    streams: new Gauge({ name: 'evenly_xds_streams', help: 'Open xDS streams', registers }),
    exchange: new ExchangeCounts(registry),
    certificateExpiry: new Gauge({
      name: 'evenly_tls_certificate_expiry_timestamp_seconds',
      help: "When the xDS port's certificate ends, in seconds since 1970; no row without TLS",
      registers,
    }),
    certificateReloads: new Counter({
      name: 'evenly_tls_certificate_reloads_total',
      help: 'Changes of the certificate files, by whether they were taken or refused',
      labelNames: ['result'],
      registers,
    }),
    deniedCalls: new Counter({
      name: 'evenly_xds_denied_calls_total',
      help: 'Calls of clients that are not on the list of allowed ones',
      registers,
    }),
    faults: new Counter({
      name: 'evenly_xds_faults_total',
      help: 'Calls that were ended by a fault of this server',
      registers,
    }),
  };
}

/** How old the snapshots are that services are served from; no row for those that are not. */
export function snapshotMetric(snapshots: () => ReadonlyMap<string, number>, registry: Registry): void {
  new Gauge({
    name: 'evenly_snapshot_age_seconds',
    help: 'Age of the snapshot that a service is served from while its source is away',
    labelNames: ['service'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [service, goodAtMs] of snapshots()) this.set({ service }, (Date.now() - goodAtMs) / 1000);
    },
  });
}

/** How it goes with the clusters that a config names. */
export function clusterMetrics(states: () => readonly ClusterState[], registry: Registry): void {
  const gauge = (name: string, help: string, read: (state: ClusterState) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['kubernetes_cluster'],
      registers: [registry],
      collect() {
        this.reset();
        for (const state of states()) this.set({ kubernetes_cluster: state.name }, read(state));
      },
    });
  gauge(
    'evenly_kubernetes_cluster_sources',
    'Services that are followed in a cluster',
    ({ sources }) => sources,
  );
  gauge(
    'evenly_kubernetes_cluster_sources_away',
    'Of these, those without updates; what was known of them last is kept',
    ({ away }) => away,
  );
  gauge(
    'evenly_kubernetes_cluster_endpoints',
    'Endpoints that the cluster has told',
    ({ endpoints }) => endpoints,
  );
}

/** What is held for clients, and the most that may be. */
export function memoryMetrics(budget: MemoryBudget, registry: Registry): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge('evenly_xds_client_memory_bytes', 'Bytes that are held for clients', () => budget.usedBytes);
  gauge(
    'evenly_xds_client_memory_max_bytes',
    'Most bytes that may be held for clients',
    () => budget.maxBytes,
  );
}
