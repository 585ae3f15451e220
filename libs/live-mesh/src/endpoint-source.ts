import {
  dnsAddressSource,
  dnsSrvSource,
  fileSource,
  grpcHealthChecker,
  healthCheckedSource,
  kubernetesSource,
  type DnsResolver,
  type HealthReport,
  type KubernetesApi,
} from '@evenly/discovery';
import {
  deferredSource,
  endpointSet,
  mergedSource,
  staticSource,
  withStaleLimit,
  type EndpointSource,
} from '@evenly/endpoints';
import type { Service, Source, UpstreamTls } from '@evenly/mesh-config';
import type { Certificates } from '@evenly/tls';

/** What sources need of their surroundings. */
export interface SourceContext {
  resolver: DnsResolver;
  /** The API server, asked for only when a config has a `kubernetes` source. */
  kubernetes: () => Promise<KubernetesApi>;
  /** How long the last good endpoints are kept while a source fails. */
  staleMs: number;
  /** The certificates of a service with `tls`, for its health checks. Asked again and again, for they may be renewed. */
  certificatesOf?: (tls: UpstreamTls) => Certificates;
  /** Something looks like a mistake, but is no error. */
  onWarning?: (message: string) => void;
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
    ...(onReport === undefined ? {} : { onReport }),
  });
  return withStaleLimit(checked, context.staleMs);
}

function sourceOf(source: Source, context: SourceContext): EndpointSource {
  if (source.kind === 'merged') return mergedSource(source.sources.map((one) => sourceOf(one, context)));
  if (source.kind === 'static') return staticSource(endpointSet(source.endpoints.map(ready)).endpoints);
  return withStaleLimit(liveSource(source, context), context.staleMs);
}

const ready = <T extends object>(endpoint: T) => ({ ...endpoint, state: 'ready' as const });

function liveSource(
  source: Exclude<Source, { kind: 'merged' | 'static' }>,
  { resolver, kubernetes, onWarning }: SourceContext,
): EndpointSource {
  switch (source.kind) {
    case 'dns-srv':
      return dnsSrvSource({ ...source, resolver });
    case 'dns-a':
      return dnsAddressSource({ ...source, resolver });
    case 'kubernetes':
      return deferredSource(`kubernetes ${source.namespace}/${source.service}:${source.port}`, async () =>
        kubernetesSource({
          ...source,
          api: await kubernetes(),
          ...(onWarning === undefined ? {} : { onWarning }),
        }),
      );
    case 'file':
      return fileSource(source);
  }
}
