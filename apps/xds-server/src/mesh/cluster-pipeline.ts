import type { HealthReport } from '@evenly/discovery';
import { endpointKey, SaidOnce, type Endpoint } from '@evenly/endpoints';
import {
  endpointSourceOf,
  healthChanges,
  reasonOf,
  type SourceContext,
  type SourceGates,
} from '@evenly/live-mesh';
import { regionsOf, type Service } from '@evenly/mesh-config';
import type { Runtime } from '@evenly/service';
import { clusterName, endpointAssignment, unknownAssignment, type ResourceCache } from '@evenly/xds';
import type { Metrics } from '../metrics.ts';
import { inTrace, type ChangeTraces } from '../tracing/change-traces.ts';

/** What pipelines need of their surroundings. */
export interface PipelineContext extends SourceContext {
  cache: ResourceCache;
  metrics: Metrics;
  log: Runtime['log'];
  /** What the server waits for before it is ready. */
  gates: SourceGates;
  /** Absent when traces are off. */
  traces?: ChangeTraces | undefined;
}

export interface EndpointStatus extends Endpoint {
  /** Clients get it. */
  healthy: boolean;
  /** By a health check, and not only by what the source says. */
  checked: boolean;
  /** Why it fails its check, be it served or not. */
  reason?: string;
}

export interface ClusterStatus {
  /** The service's name, with the subset's behind a "/". */
  name: string;
  source: string;
  endpoints: EndpointStatus[];
  /** Why the endpoints may be old; absent while all is well. */
  error?: string;
  /** They are of a snapshot, for the source is away: when that was known to be good. */
  snapshotOf?: string;
}

export interface ClusterPipeline {
  readonly name: string;
  status(): ClusterStatus;
  /** Of the snapshot that is served, in milliseconds since 1970; undefined: none is. */
  readonly snapshotMs: number | undefined;
  /** Ends look-ups and checks. The cluster's endpoints stay in the cache. */
  stop(): void;
}

/** The owner of a cluster's endpoints in the cache. */
export const endpointsOwner = (service: string, subset: string | undefined) =>
  `endpoints of ${clusterName(service, subset)}`;

/**
 * How long a source may say nothing before clients hear that there are no endpoints: gRPC clients hold up calls to a new
 * cluster for 15 s.
 */
const silenceMs = 10_000;

/**
 * Keeps the endpoints of a service, or of one of its subsets, true in the cache: source → health checks → resource.
 * @param mayBeKnown whether clients may have its endpoints from a server before this one
 */
export function startPipeline(
  service: Service,
  subset: string | undefined,
  context: PipelineContext,
  mayBeKnown: boolean,
): ClusterPipeline {
  const { cache, metrics } = context;
  const name = subset === undefined ? service.name : `${service.name}/${subset}`;
  const log = context.log.child({ service: name });
  const described = subset === undefined ? service : service.subsets.get(subset)!;
  const assignment = {
    name: clusterName(service.name, subset),
    locality: service.locality,
    regions: regionsOf(described.source),
    policy: service.policy,
  };
  let endpoints: readonly Endpoint[] = [];
  let report: HealthReport | undefined;
  let error: string | undefined;

  const onWarning = (message: string) => log.warn({ reason: message }, 'check the config');
  /** By source, of which a service may have several. */
  const snapshots = new Map<string, number>();
  const onSnapshot = (of: string, goodAtMs: number | undefined) => {
    if (goodAtMs === undefined) return void snapshots.delete(of);
    snapshots.set(of, goodAtMs);
    const goodAt = new Date(goodAtMs).toISOString();
    log.warn({ source: of, goodAt }, 'the source is away; what a snapshot has of it is served');
  };
  const oldestSnapshotMs = () => (snapshots.size === 0 ? undefined : Math.min(...snapshots.values()));
  const said = new SaidOnce();
  const sayChanges = healthChanges(log, name);
  const onReport = (next: HealthReport) => {
    report = next;
    sayChanges(next);
    metrics.unhealthy.set({ service: name }, next.filter(({ healthy }) => !healthy).length);
  };
  const owner = endpointsOwner(service.name, subset);
  const silence = setTimeout(() => {
    if (!cache.has('endpoints', assignment.name))
      cache.replace(owner, [unknownAssignment(assignment.name, mayBeKnown)]);
  }, silenceMs).unref();
  const source = endpointSourceOf(service, subset, { ...context, onWarning, onSnapshot }, onReport);
  const stop = source.watch({
    onEndpoints: (set) => {
      clearTimeout(silence);
      endpoints = set.endpoints;
      const attributes = { service: name, source: source.description, endpoints: set.endpoints.length };
      inTrace(context.traces, 'source change', attributes, () =>
        cache.replace(owner, [endpointAssignment(assignment, set)]),
      );
      metrics.endpoints.set({ service: name }, set.endpoints.length);
      context.gates.told(name);
      log.info(
        { endpoints: set.endpoints.slice(0, 20).map(endpointKey), count: set.endpoints.length },
        'endpoints',
      );
    },
    onError: (failure) => {
      const { code, message } = failure;
      context.gates.failed(name, failure);
      metrics.sourceErrors.inc({ service: name, code });
      if (said.isNew(`${code} ${message}`))
        log.warn({ code, reason: message }, 'no updates of endpoints; the last good ones are kept');
      error = message;
    },
    onRecovered: () => {
      if (said.isNew('recovered')) log.info('endpoints are followed again');
      error = undefined;
    },
  });

  return {
    name,
    get snapshotMs() {
      return oldestSnapshotMs();
    },
    status: () => ({
      name,
      source: source.description,
      endpoints:
        report?.map(checkedEndpoint) ??
        endpoints.map((each) => ({ ...each, healthy: each.state === 'ready', checked: false })),
      ...(error === undefined ? {} : { error }),
      ...(snapshots.size === 0 ? {} : { snapshotOf: new Date(oldestSnapshotMs()!).toISOString() }),
    }),
    stop: () => {
      clearTimeout(silence);
      stop();
      metrics.endpoints.remove({ service: name });
      metrics.unhealthy.remove({ service: name });
    },
  };
}

const checkedEndpoint = (row: HealthReport[number]) => ({
  ...row.endpoint,
  healthy: row.healthy || row.isKept === true,
  checked: true,
  ...(row.healthy ? {} : { reason: reasonOf(row) }),
});
