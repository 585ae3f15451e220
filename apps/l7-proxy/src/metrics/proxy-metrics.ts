import type { MemoryBudget } from '@evenly/http2';
import type { ClusterState, ClusterStates, MeshCertificates } from '@evenly/live-mesh';
import { grpcCodes } from '@evenly/mesh-config';
import { Counter, type Registry } from 'prom-client';
import { certificateRows } from '../admin/status.ts';
import type { ReplayStore } from '../call/request/saved-request.ts';
import type { TimerWheel } from '../call/timer-wheel.ts';
import type { Mesh } from '../mesh.ts';
import type { Proxy } from '../proxy.ts';
import type { EndpointPool } from '../upstream/endpoint-pool.ts';
import { latencyBoundsMs, type LatencyCounts } from '../stats/latency-counts.ts';
import type { RouteStats } from '../stats/route-stats.ts';

interface Sample {
  labels: Record<string, string | number>;
  value: number;
  /** Of a histogram's parts. */
  metricName?: string;
}

export interface MetricsContext {
  mesh: Mesh;
  clusters: ClusterStates;
  proxy: Proxy;
  certificates: MeshCertificates;
  wheel: TimerWheel;
  replay: ReplayStore;
  budget: MemoryBudget;
}

/** Registers what the proxy counts. Most is kept as plain numbers where it happens, and read only when somebody asks. */
export function registerMetrics(registry: Registry, context: MetricsContext) {
  const { mesh, clusters, proxy, certificates, wheel, replay, budget } = context;
  const onRead = (
    type: 'counter' | 'gauge' | 'histogram',
    name: string,
    help: string,
    read: () => Sample[],
    aggregator: 'sum' | 'min' | 'max' = 'sum',
  ) => {
    // prom-client asks registered metrics by `get`, but has no public class that leaves the numbers to others.
    const metric = { name, get: async () => ({ name, help, type, values: read(), aggregator }) };
    registry.registerMetric(metric as never);
  };
  const routes = (samples: (route: string, stats: RouteStats) => Sample[]) => () =>
    [...mesh.stats].flatMap(([route, stats]) => samples(route, stats));
  const endpoints = (samples: (labels: Sample['labels'], pool: EndpointPool) => Sample[]) => () =>
    [...mesh.clusters].flatMap((cluster) =>
      [...cluster.pools].flatMap((pool) => samples({ service: cluster.name, endpoint: pool.key }, pool)),
    );
  const pools = (value: (pool: EndpointPool) => number) =>
    endpoints((labels, pool) => [{ labels, value: value(pool) }]);

  onRead(
    'counter',
    'evenly_proxy_calls_total',
    'Ended calls by route, and gRPC status or HTTP class',
    routes(callSamples),
  );
  onRead(
    'histogram',
    'evenly_proxy_call_seconds',
    'Time from a request to the end of its response',
    routes((route, { latency }) => latencySamples('evenly_proxy_call_seconds', { route }, latency)),
  );
  onRead(
    'gauge',
    'evenly_proxy_calls_active',
    'Calls under way',
    routes((route, { active }) => [{ labels: { route }, value: active }]),
  );
  onRead(
    'counter',
    'evenly_proxy_retries_total',
    'Attempts after the first, by policy or because nothing was processed',
    routes((route, stats) => [
      { labels: { route, kind: 'policy' }, value: stats.retries },
      { labels: { route, kind: 'transparent' }, value: stats.transparentRetries },
      { labels: { route, kind: 'hedge' }, value: stats.hedges },
    ]),
  );
  onRead(
    'counter',
    'evenly_proxy_mirrored_calls_total',
    'Copies of calls for mirrors, by what became of them',
    routes((route, { mirrored, mirrorsDropped }) => [
      { labels: { route, how: 'sent' }, value: mirrored },
      { labels: { route, how: 'dropped' }, value: mirrorsDropped },
    ]),
  );
  onRead('counter', 'evenly_proxy_unrouted_total', 'Requests that no route takes', () => [
    { labels: {}, value: proxy.unrouted },
  ]);
  onRead(
    'counter',
    'evenly_proxy_endpoint_calls_total',
    'Attempts by endpoint',
    pools(({ calls }) => calls),
  );
  onRead(
    'counter',
    'evenly_proxy_endpoint_failures_total',
    'Attempts that failed, by endpoint',
    pools(({ failures }) => failures),
  );
  onRead(
    'histogram',
    'evenly_proxy_endpoint_seconds',
    'Time of attempts by endpoint',
    endpoints((labels, { latency }) => latencySamples('evenly_proxy_endpoint_seconds', labels, latency)),
  );
  onRead(
    'gauge',
    'evenly_proxy_endpoint_connections',
    'Connections to endpoints',
    pools(({ connectionCount }) => connectionCount),
  );
  onRead(
    'gauge',
    'evenly_proxy_endpoint_ready',
    '1 while an endpoint can be called',
    pools(({ isReady }) => (isReady ? 1 : 0)),
    'min', // of several workers: 1 while all of them can call it
  );
  onRead(
    'counter',
    'evenly_proxy_endpoint_connect_failures_total',
    'Failed connects to endpoints',
    pools(({ connectFailures }) => connectFailures),
  );
  onRead(
    'gauge',
    'evenly_proxy_endpoints_unhealthy',
    'Endpoints that fail their health check',
    () =>
      [...mesh.clusters].map(({ name, unhealthy }) => ({
        labels: { service: name },
        value: unhealthy.length,
      })),
    'min', // each worker checks all of them
  );
  onRead('gauge', 'evenly_proxy_waiting_calls', 'Calls that wait for a connection', () =>
    [...mesh.clusters].map((cluster) => ({ labels: { service: cluster.name }, value: cluster.waiting.size })),
  );
  onRead('counter', 'evenly_proxy_breaker_refused_total', 'What circuit breakers refused', () =>
    [...mesh.clusters].flatMap(({ name, breaker }) =>
      (['request', 'pending', 'retry'] as const).map((kind) => ({
        labels: { service: name, kind },
        value: breaker.refused(kind),
      })),
    ),
  );
  onRead(
    'gauge',
    'evenly_proxy_breaker_open',
    '1 while a circuit breaker refuses what starts; of several workers: in one of them',
    () =>
      [...mesh.clusters].flatMap(({ name, breaker }) =>
        (['request', 'pending', 'retry'] as const).map((kind) => ({
          labels: { service: name, kind },
          value: breaker.isOpen(kind) ? 1 : 0,
        })),
      ),
    'max',
  );
  onRead(
    'gauge',
    'evenly_proxy_listener_up',
    '1 while the listener has its port; of several workers: in all of them',
    () => [
      ...proxy.listeners.map(({ name }) => ({ labels: { listener: name }, value: 1 })),
      ...proxy.failedListeners.map(({ one }) => ({ labels: { listener: one.name }, value: 0 })),
    ],
    'min',
  );
  onRead(
    'gauge',
    'evenly_proxy_certificate_expiry_timestamp_seconds',
    'When the certificate in a file, or for server names, ends, in seconds since 1970; of authorities, the last of them',
    () =>
      certificateRows({ proxy, certificates }, Date.now()).map(({ file, validUntil }) => ({
        labels: { file },
        value: Date.parse(validUntil) / 1000,
      })),
    'min',
  );
  onRead('gauge', 'evenly_proxy_client_connections', 'Open client connections', () =>
    proxy.listeners.map(({ name, connectionCount }) => ({
      labels: { listener: name },
      value: connectionCount,
    })),
  );
  onRead('counter', 'evenly_proxy_client_connections_total', 'Client connections by how they went', () =>
    proxy.listeners.flatMap(({ name, stats }) =>
      Object.entries(stats).map(([how, value]) => ({
        labels: { listener: name, how },
        value: value as number,
      })),
    ),
  );
  onRead(
    'counter',
    'evenly_proxy_client_connections_refused_total',
    'Client connections closed at once, by why',
    () =>
      proxy.listeners.flatMap(({ name, refused }) =>
        Object.entries(refused).map(([reason, value]) => ({ labels: { listener: name, reason }, value })),
      ),
  );
  onRead('gauge', 'evenly_proxy_timers', 'Deadlines and waits that run', () => [
    { labels: {}, value: wheel.size },
  ]);
  onRead('gauge', 'evenly_proxy_replay_bytes', 'Content kept for another attempt', () => [
    { labels: {}, value: replay.usedBytes },
  ]);
  onRead(
    'gauge',
    'evenly_proxy_buffered_bytes',
    'Held for clients: headers of open calls, content, and what they do not read',
    () => [{ labels: {}, value: budget.usedBytes }],
  );
  const ofClusters = (name: string, help: string, read: (state: ClusterState) => number) =>
    onRead(
      'gauge',
      name,
      help,
      () => clusters.all.map((state) => ({ labels: { kubernetes_cluster: state.name }, value: read(state) })),
      'max',
    );
  ofClusters(
    'evenly_kubernetes_cluster_sources',
    'Services that are followed in a cluster',
    ({ sources }) => sources,
  );
  ofClusters(
    'evenly_kubernetes_cluster_sources_away',
    'Of these, those without updates; what was known of them last is kept',
    ({ away }) => away,
  );
  ofClusters(
    'evenly_kubernetes_cluster_endpoints',
    'Endpoints that the cluster has told',
    ({ endpoints }) => endpoints,
  );
  return {
    configErrors: new Counter({
      name: 'evenly_config_errors_total',
      help: 'Config files that were refused; the last good one stayed',
      registers: [registry],
    }),
  };
}

/**
 * Codes that alerts go by. They have a row from the start, for `increase()` of Prometheus misses what was counted before there
 * was one. The others come with their first call: of 2,000 routes all codes took a scrape from 2.8 to 5 MB.
 */
const codesFromTheStart = new Set<string>([
  'OK',
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

function callSamples(route: string, { grpc, http }: RouteStats): Sample[] {
  const samples: Sample[] = [];
  grpc.forEach((value, number) => {
    const code = grpcCodes[number] ?? 'none';
    if (value > 0 || codesFromTheStart.has(code)) samples.push({ labels: { route, code }, value });
  });
  http.forEach((value, digit) => {
    if (value > 0) samples.push({ labels: { route, code: digit === 0 ? 'reset' : `${digit}xx` }, value });
  });
  return samples;
}

function latencySamples(name: string, labels: Sample['labels'], { counts, sumMs }: LatencyCounts): Sample[] {
  let count = 0;
  const buckets = [...counts].map((value, index) => {
    count += value;
    const bound = latencyBoundsMs[index];
    const le = bound === undefined ? '+Inf' : bound / 1000;
    return { labels: { ...labels, le }, value: count, metricName: `${name}_bucket` };
  });
  return [
    ...buckets,
    { labels, value: sumMs / 1000, metricName: `${name}_sum` },
    { labels, value: count, metricName: `${name}_count` },
  ];
}
