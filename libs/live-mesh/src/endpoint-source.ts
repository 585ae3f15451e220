import {
  grpcHealthChecker,
  healthCheckedSource,
  sourceKinds,
  type ConfigSurroundings,
  type HealthReport,
  type SlicesOf,
  type SourceKind,
} from '@evenly/discovery';
import {
  endpointSet,
  mergedSource,
  staticSource,
  withEmptyGrace,
  withStaleLimit,
  type EndpointSource,
} from '@evenly/endpoints';
import {
  isOwnCluster,
  type Service,
  type Source,
  type SourceCluster,
  type UpstreamTls,
} from '@evenly/mesh-config';
import type { Certificates } from '@evenly/tls';
import { clusterSource } from './clusters/cluster-source.ts';
import type { ClusterStates } from './clusters/cluster-states.ts';
import { inRegion } from './clusters/in-region.ts';
import { watchedForOverlaps } from './clusters/overlaps.ts';
import type { SnapshotStore } from './snapshot/snapshot-store.ts';
import { withSnapshot } from './snapshot/snapshotted-source.ts';

/** What sources need of their surroundings. */
export interface SourceContext extends ConfigSurroundings {
  /** Those of clusters that a config names. */
  slicesOf: SlicesOf;
  /** How it goes with each of these. Absent = nobody asks. */
  clusters?: ClusterStates;
  /** How long the last good endpoints are kept while a source fails. */
  staleMs: number;
  /** How long the last ready endpoints are kept when a source says that there are none any more. */
  emptyGraceMs: number;
  /** What sources said, on disk, for when they are away. Absent = it is not kept. */
  snapshots?: SnapshotStore | undefined;
  /** A source is away, and what it said at that time is used; undefined: it speaks for itself again. */
  onSnapshot?: (source: string, goodAtMs: number | undefined) => void;
  /** The certificates of a service with `tls`, for its health checks. Asked again and again, for they may be renewed. */
  certificatesOf?: (tls: UpstreamTls) => Certificates;
}

/** No files: endpoints are checked against the authorities that the machine trusts. */
const machineTrust: Certificates = {};

/**
 * The endpoints of a service, or of one of its subsets: from where the config says, checked as it says, kept for a
 * while when the source fails.
 * @param onReport told what health checks found, where there are any
 */
export function endpointSourceOf(
  service: Service,
  subset: string | undefined,
  context: SourceContext,
  onReport?: (report: HealthReport) => void,
): EndpointSource {
  const described = subset === undefined ? service.source : service.subsets.get(subset)!.source;
  const source = sourceOf(described, context);
  const { healthCheck, tls } = service;
  const { certificatesOf } = context;
  if (healthCheck === undefined) return source;
  const checker = grpcHealthChecker({
    grpcService: healthCheck.grpcService,
    ...(healthCheck.authority === undefined ? {} : { authority: healthCheck.authority }),
    ...(healthCheck.port === undefined ? {} : { port: healthCheck.port }),
    timeoutMs: healthCheck.timeoutMs,
    ...(tls === undefined
      ? {}
      : {
          tls: {
            serverName: tls.serverName ?? service.name,
            current: () => certificatesOf?.(tls) ?? machineTrust,
          },
        }),
  });
  const checked = healthCheckedSource({
    source,
    checker,
    intervalMs: healthCheck.intervalMs,
    thresholds: { healthy: healthCheck.healthyThreshold, unhealthy: healthCheck.unhealthyThreshold },
    panicThreshold: service.policy.panicThresholdPercent / 100,
    ...(onReport === undefined ? {} : { onReport }),
  });
  return withStaleLimit(checked, context.staleMs);
}

type KubernetesSource = Extract<Source, { kind: 'kubernetes' }>;
type LiveSource = Exclude<Source, { kind: 'merged' | 'static' }>;

/** There is one for each kind of source that a config knows, and it takes the fields that the config has: or this does not compile. */
const kinds: { readonly [K in LiveSource['kind']]: SourceKind<Extract<LiveSource, { kind: K }>> } =
  sourceKinds;

function sourceOf(source: Source, context: SourceContext): EndpointSource {
  if (source.kind === 'merged') return mergedSource(source.sources.map((one) => sourceOf(one, context)));
  if (source.kind === 'kubernetes' && source.clusters !== undefined)
    return ofClusters(source, source.clusters, context);
  if (source.kind === 'static') return staticSource(endpointSet(source.endpoints.map(ready)).endpoints);
  const live = liveSource(source, context);
  return kinds[source.kind].isWritten ? withStaleLimit(live, context.staleMs) : kept(live, context);
}

/** What a source said last is believed for a while. */
function kept(live: EndpointSource, context: SourceContext): EndpointSource {
  return withStaleLimit(maybeWithSnapshot(withGrace(live, context), context), context.staleMs);
}

/** Each cluster has limits of its own: that one is away takes nothing from the others. Of an address the own one's counts. */
function ofClusters(
  source: KubernetesSource,
  clusters: readonly SourceCluster[],
  context: SourceContext,
): EndpointSource {
  const ownFirst = [...clusters].sort((a, b) => Number(isOwnCluster(b)) - Number(isOwnCluster(a)));
  const sources = ownFirst.map((cluster) => {
    const live = clusterSource(liveSource(source, inCluster(cluster, context)), cluster, context.clusters);
    return { cluster: cluster.name, source: inRegion(kept(live, context), cluster.region) };
  });
  return mergedSource(watchedForOverlaps(sources, (message) => context.onWarning?.(message)));
}

function inCluster(
  { name, kubeconfig, context: ofFile }: SourceCluster,
  context: SourceContext,
): SourceContext {
  const { onWarning, slicesOf } = context;
  return {
    ...context,
    ...(kubeconfig !== undefined && {
      slices: slicesOf({ kubeconfig, ...(ofFile !== undefined && { context: ofFile }) }),
    }),
    ...(onWarning && { onWarning: (message) => onWarning(`cluster ${name}: ${message}`) }),
  };
}

function withGrace(source: EndpointSource, context: SourceContext): EndpointSource {
  const { emptyGraceMs: graceMs, onWarning } = context;
  const { description } = source;
  const onKept = (count: number) =>
    onWarning?.(`${description}: no endpoints any more; ${count} that were ready are kept for ${graceMs} ms`);
  return withEmptyGrace(source, { graceMs, onKept });
}

function maybeWithSnapshot(source: EndpointSource, context: SourceContext): EndpointSource {
  const { snapshots, onSnapshot } = context;
  if (snapshots === undefined) return source;
  return withSnapshot(source, snapshots, (goodAtMs) => onSnapshot?.(source.description, goodAtMs));
}

const ready = <T extends object>(endpoint: T) => ({ ...endpoint, state: 'ready' as const });

/** Generic, so that the kind and the fields are known to belong together. */
function liveSource<K extends LiveSource['kind']>(
  source: Extract<LiveSource, { kind: K }>,
  context: SourceContext,
): EndpointSource {
  return kinds[source.kind].make(source, context);
}
