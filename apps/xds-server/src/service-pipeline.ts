import {
  dnsSrvSource,
  endpointKey,
  grpcHealthChecker,
  healthCheckedSource,
  withStaleLimit,
  type DnsResolver,
  type Endpoint,
  type EndpointSource,
  type HealthReport,
} from '@evenly/discovery';
import { srvName, type SvcConfigService } from '@evenly/mesh-config';
import type { Service } from '@evenly/service';
import { endpointResource, routingResources, type ResourceCache } from '@evenly/xds';
import type { ServerConfig } from './config.ts';
import type { Metrics } from './metrics.ts';

/** What a pipeline needs of its surroundings. */
export interface PipelineContext {
  config: ServerConfig;
  resolver: DnsResolver;
  cache: ResourceCache;
  metrics: Metrics;
  log: Service['log'];
}

export interface ServiceStatus {
  name: string;
  source: string;
  endpoints: (Endpoint & { healthy: boolean; reason?: string })[];
  /** Why the endpoints may be old; absent while all is well. */
  error?: string;
}

export interface ServicePipeline {
  status(): ServiceStatus;
  /** Ends look-ups and checks. The service's resources stay in the cache. */
  stop(): void;
}

/** Keeps one service's resources true: DNS SRV → health checks → resources in the cache. */
export function startPipeline(service: SvcConfigService, context: PipelineContext): ServicePipeline {
  const { cache, metrics } = context;
  const log = context.log.child({ service: service.serviceName });
  const xdsService = { name: service.serviceName, region: service.region, zone: service.zone };
  const routing = routingResources(xdsService);
  let report: HealthReport = [];
  let error: string | undefined;

  // Clients may walk listener, route and cluster before there are endpoints; a restart shows them nothing new.
  cache.replace(service.serviceName, routing);
  const source = sourceOf(service, context, (next) => (report = next));
  const stop = source.watch({
    onEndpoints: (set) => {
      cache.replace(service.serviceName, [...routing, endpointResource(xdsService, set)]);
      metrics.endpoints.set({ service: service.serviceName }, set.endpoints.length);
      log.info({ endpoints: set.endpoints.map(endpointKey), version: set.version }, 'endpoints');
    },
    onError: ({ code, message }) => {
      metrics.sourceErrors.inc({ service: service.serviceName, code });
      if (message !== error)
        log.warn({ code, reason: message }, 'no news of endpoints; the last good ones are kept');
      error = message;
    },
    onRecovered: () => {
      log.info('endpoints are followed again');
      error = undefined;
    },
  });

  return {
    status: () => ({
      name: service.serviceName,
      source: source.description,
      endpoints: report.map(({ endpoint, verdict }) => ({
        ...endpoint,
        healthy: verdict.kind === 'serving',
        ...(verdict.kind === 'serving' ? {} : { reason: verdict.reason }),
      })),
      ...(error === undefined ? {} : { error }),
    }),
    stop: () => {
      stop();
      metrics.endpoints.remove({ service: service.serviceName });
    },
  };
}

function sourceOf(
  service: SvcConfigService,
  { config, resolver }: PipelineContext,
  onReport: (report: HealthReport) => void,
): EndpointSource {
  const dns = dnsSrvSource({
    name: srvName(service, config.clusterDomain),
    resolver,
    refreshMs: config.refresh,
  });
  const checked = healthCheckedSource({
    source: dns,
    checker: grpcHealthChecker({ grpcService: service.grpcServiceName, timeoutMs: config.healthTimeout }),
    intervalMs: config.healthInterval ?? config.refresh,
    onReport,
  });
  return withStaleLimit(checked, config.staleAfter);
}
