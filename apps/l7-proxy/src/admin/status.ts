import type { BreakerKind, CircuitBreaker } from '@evenly/balancing';
import { endpointKey } from '@evenly/endpoints';
import type { MemoryBudget } from '@evenly/http2';
import { reasonOf, type ClusterState, type ClusterStates, type MeshCertificates } from '@evenly/live-mesh';
import type { WaitingGate } from '@evenly/service';
import type { CertificateStatus } from '@evenly/tls';
import type { XdsClientStatus } from '@evenly/xds';
import type { FailedListener } from '../listener/failed-listeners.ts';
import type { ProxyListener } from '../listener/listener.ts';
import type { ServerNames } from '../listener/server-names.ts';
import type { Mesh } from '../mesh.ts';
import type { RouteStats } from '../stats/route-stats.ts';
import type { Proxy } from '../proxy.ts';
import type { ReadyRoute } from '../routing/route-table.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { EndpointPool } from '../upstream/endpoint-pool.ts';

/** All that the admin port tells: `/status` as JSON, the page in words. Of several workers it is added up. */
export interface ProxyStatus {
  /** What it waits for before it is ready. */
  waiting: readonly WaitingGate[];
  listeners: ListenerStatus[];
  services: ServiceStatus[];
  /** Kubernetes clusters that the config names. */
  clusters: ClusterState[];
  /** Requests that no route took. */
  unrouted: number;
  /** Files that listeners, endpoints' TLS and their authorities come from; and certificates by server name. */
  certificates: CertificateStatus[];
  /** What is held for clients. */
  memory: MemoryStatus;
  /** Why the last config files were not taken. */
  refusedConfig?: string;
  /** With an xDS server instead of config files. */
  xds?: XdsClientStatus;
  /** With several of them. */
  workers?: { number: number; pid?: number; serving: boolean }[];
  workerRestarts?: number;
}

export interface MemoryStatus {
  usedBytes: number;
  maxBytes: number;
  /** So much is used that the largest holders are refused more. */
  short: boolean;
}

export interface ListenerStatus {
  name: string;
  /** Open ones. */
  connections: number;
  accepted: number;
  failed: number;
  refused: number;
  /** It takes no more connections until some end. */
  full: boolean;
  routes: RouteStatus[];
  /** Why it does not listen; it is tried again. */
  error?: string;
  /** Why clients that ask for some server names are not let in. */
  refusedCertificates?: string[];
}

export interface RouteStatus {
  name: string;
  match: ReadyRoute<Cluster>['route']['match'];
  to: ReadyRoute<Cluster>['route']['to'];
  redirect?: ReadyRoute<Cluster>['route']['redirect'];
  active: number;
  /** Ended ones; a gRPC status other than OK, and HTTP from 500, is a failure. */
  calls: number;
  failures: number;
  retries: number;
  latencySumMs: number;
  /** Ended calls by `latencyBoundsMs`; not cumulative. */
  latency: number[];
}

export interface ServiceStatus {
  name: string;
  source: string;
  loadBalancing: string;
  underWay: number;
  waiting: number;
  /** Circuit breakers that are open now: what starts is refused until something ends. */
  openBreakers: OpenBreaker[];
  endpoints: EndpointStatus[];
  /** Why the endpoints may be old. */
  error?: string;
  /** Why some of them get no calls. */
  unusable?: string;
}

export interface OpenBreaker {
  kind: BreakerKind;
  limit: number;
  /** Since the start. */
  refused: number;
}

export interface EndpointStatus {
  address: string;
  state: 'ready' | 'ejected' | 'unreachable' | 'unhealthy';
  hostname?: string;
  region?: string;
  zone?: string;
  connections: number;
  active: number;
  calls: number;
  failures: number;
  /** Why it cannot be reached, or what its health check says. */
  error?: string;
}

export interface StatusSources {
  mesh: Mesh;
  clusters: ClusterStates;
  proxy: Proxy;
  certificates: MeshCertificates;
  budget: MemoryBudget;
  refusedConfig: string | undefined;
  xds: XdsClientStatus | undefined;
  waiting: readonly WaitingGate[];
}

export function proxyStatus(sources: StatusSources): ProxyStatus {
  const { mesh, clusters, proxy, budget, refusedConfig, xds, waiting } = sources;
  const { usedBytes, maxBytes, almostUsedUp: short } = budget;
  return {
    waiting,
    listeners: [
      ...proxy.listeners.map((one) => listenerStatus(one, proxy.serverNames.get(one.name))),
      ...proxy.failedListeners.map(failedStatus),
    ],
    services: [...mesh.clusters].map(serviceStatus),
    clusters: clusters.all,
    unrouted: proxy.unrouted,
    certificates: certificateRows(sources, Date.now()),
    memory: { usedBytes, maxBytes, short },
    ...(refusedConfig === undefined ? {} : { refusedConfig }),
    ...(xds === undefined ? {} : { xds }),
  };
}

/** Of files, and by server name. */
export function certificateRows(
  { proxy, certificates }: Pick<StatusSources, 'proxy' | 'certificates'>,
  nowMs: number,
): CertificateStatus[] {
  const byName = [...proxy.serverNames.values()].flatMap((names) => names.status(nowMs));
  return [...certificates.status(nowMs), ...byName];
}

function listenerStatus(listener: ProxyListener, serverNames: ServerNames | undefined): ListenerStatus {
  const { accepted, failed, refused } = listener.stats;
  return {
    name: listener.name,
    connections: listener.connectionCount,
    accepted,
    failed,
    refused,
    full: listener.full,
    routes: routeRows(listener.routes),
    ...(serverNames === undefined || serverNames.errors.length === 0
      ? {}
      : { refusedCertificates: serverNames.errors }),
  };
}

function failedStatus({ one, table, reason }: FailedListener): ListenerStatus {
  const none = { connections: 0, accepted: 0, failed: 0, refused: 0, full: false };
  return { name: one.name, ...none, routes: routeRows(table.routes), error: reason };
}

/** Routes of one name are counted together, so they are shown once, as the first of them. */
function routeRows(routes: readonly ReadyRoute<Cluster>[]): RouteStatus[] {
  const rows = new Map<string, RouteStatus>();
  for (const route of routes) if (!rows.has(route.name)) rows.set(route.name, routeStatus(route));
  return [...rows.values()];
}

function routeStatus({ name, route, stats }: ReadyRoute<Cluster>): RouteStatus {
  return {
    name,
    match: route.match,
    to: route.to,
    ...(route.redirect === undefined ? {} : { redirect: route.redirect }),
    active: stats.active,
    ...endedCalls(stats),
    retries: stats.retries + stats.transparentRetries,
    latencySumMs: stats.latency.sumMs,
    latency: [...stats.latency.counts],
  };
}

function endedCalls({ grpc, http }: RouteStats): { calls: number; failures: number } {
  const total = (counts: Float64Array) => counts.reduce((sum, count) => sum + count, 0);
  return { calls: total(grpc) + total(http), failures: total(grpc) - grpc[0]! + http[0]! + http[5]! };
}

function serviceStatus(cluster: Cluster): ServiceStatus {
  const hosts = new Map(cluster.hosts.map((host) => [host.key, host]));
  const endpoint = (pool: EndpointPool): EndpointStatus => {
    const host = hosts.get(pool.key);
    const { hostname, region, zone } = pool.endpoint;
    return {
      address: pool.key,
      state: !pool.isReady
        ? 'unreachable'
        : host !== undefined && cluster.isEjected(host)
          ? 'ejected'
          : 'ready',
      ...(hostname === undefined ? {} : { hostname }),
      ...(region === undefined ? {} : { region }),
      ...(zone === undefined ? {} : { zone }),
      connections: pool.connectionCount,
      active: host?.stats.active ?? 0,
      calls: pool.calls,
      failures: pool.failures,
      ...(pool.lastError === undefined ? {} : { error: pool.lastError }),
    };
  };
  return {
    name: cluster.name,
    source: cluster.sourceDescription,
    loadBalancing: cluster.policy.loadBalancing,
    underWay: cluster.breaker.underWay('request'),
    waiting: cluster.waiting.size,
    openBreakers: openBreakers(cluster.breaker),
    endpoints: [...[...cluster.pools].map(endpoint), ...unhealthyOf(cluster)],
    ...(cluster.sourceError === undefined ? {} : { error: cluster.sourceError }),
    ...(cluster.unusable === undefined ? {} : { unusable: cluster.unusable }),
  };
}

function openBreakers(breaker: CircuitBreaker): OpenBreaker[] {
  return (['request', 'pending', 'retry'] as const)
    .filter((kind) => breaker.isOpen(kind))
    .map((kind) => ({ kind, limit: breaker.limit(kind), refused: breaker.refused(kind) }));
}

/** Those that fail their health check and get no calls: they have no connections, and would be missing from the list. */
function unhealthyOf(cluster: Cluster): EndpointStatus[] {
  const connected = new Set([...cluster.pools].map(({ key }) => key));
  return cluster.unhealthy
    .filter(({ endpoint }) => !connected.has(endpointKey(endpoint)))
    .map((row) => {
      const { hostname, region, zone } = row.endpoint;
      return {
        address: endpointKey(row.endpoint),
        state: 'unhealthy',
        ...(hostname === undefined ? {} : { hostname }),
        ...(region === undefined ? {} : { region }),
        ...(zone === undefined ? {} : { zone }),
        connections: 0,
        active: 0,
        calls: 0,
        failures: 0,
        error: reasonOf(row),
      };
    });
}
