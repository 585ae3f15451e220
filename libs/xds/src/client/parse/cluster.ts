import {
  defaultPolicy,
  grpcCodes,
  loadBalancings,
  ranges,
  type CircuitBreaker,
  type LoadBalancing,
  type OutlierDetection,
  type Policy,
  type Range,
  type SlowStart,
} from '@evenly/mesh-config';
import type { CircuitBreakers } from '@evenly/proto/envoy/config/cluster/v3/circuit_breaker';
import {
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  type Cluster,
} from '@evenly/proto/envoy/config/cluster/v3/cluster';
import { HttpProtocolOptions } from '@evenly/proto/envoy/extensions/upstreams/http/v3/http_protocol_options';
import { httpOptionsType } from '../../resources/clusters.ts';
import { loadBalancingOf } from '../../resources/load-balancing.ts';
import { proxyMetadataKey } from '../../resources/names.ts';
import { checkedName } from '../limits.ts';
import type { XdsCluster } from '../model.ts';
import { Refusal, refuseIf, type Warn } from '../refusal.ts';
import { parseEndpointTls } from './endpoint-tls.ts';
import { checked, clamped, timeoutMs } from './numbers.ts';
import { outliersOf } from './outliers.ts';

/**
 * Zones are the server's business: it has put the client's own first by priorities and weights, so the policy has no
 * zone preference. Absent numbers are Envoy's defaults.
 * @throws Refusal
 */
export function parseCluster(cluster: Cluster, warn: Warn): XdsCluster {
  const { clusterDiscoveryType: type, name, circuitBreakers, outlierDetection } = cluster;
  refuseIf(
    type?.$case !== 'type' || type.value !== Cluster_DiscoveryType.EDS,
    'only clusters of type EDS are supported',
  );
  // To call in plaintext what should be encrypted would be worse than not to call it.
  refuseIf(cluster.transportSocketMatches.length > 0, 'transport_socket_matches are not supported');
  const tls = cluster.transportSocket && parseEndpointTls(cluster.transportSocket);
  if (cluster.healthChecks.length > 0)
    warn('health_checks are unsupported; the health in endpoints is heeded');
  const slowStart = slowStartOf(cluster, warn);
  const panicThresholdPercent = cluster.commonLbConfig?.healthyPanicThreshold?.value;
  const policy: Policy = {
    loadBalancing: readLoadBalancing(cluster),
    zonePreference: 'none',
    panicThresholdPercent: checked(
      'healthy_panic_threshold',
      panicThresholdPercent ?? defaultPolicy.panicThresholdPercent,
      ranges.percent,
    ),
    ...(circuitBreakers === undefined ? {} : { circuitBreaker: breakerOf(circuitBreakers, warn) }),
    ...(outlierDetection === undefined
      ? {}
      : { outlierDetection: { ...outliersOf(outlierDetection, warn), ...failureCodesOf(cluster) } }),
    ...(slowStart === undefined ? {} : { slowStart }),
    ...(metadataOf(cluster)?.['scheme'] === 'match-upstream' ? { scheme: 'match-upstream' } : {}),
  };
  const endpoints = checkedName('service_name', cluster.edsClusterConfig?.serviceName || name);
  return { policy, ...protocolOf(cluster), endpoints, ...(tls === undefined ? {} : { tls }) };
}

/** Where it is not said it is HTTP/2: unlike in Envoy, for these are services of gRPC. */
function protocolOf({ typedExtensionProtocolOptions: given }: Cluster): Pick<XdsCluster, 'protocol'> {
  const packed = given[httpOptionsType];
  if (packed === undefined) return {};
  const { upstreamProtocolOptions: options } = HttpProtocolOptions.decode(packed.value);
  const explicit = options?.$case === 'explicitHttpConfig' ? options.value.protocolConfig : undefined;
  return explicit?.$case === 'httpProtocolOptions' ? { protocol: 'http1' } : {};
}

function readLoadBalancing(cluster: Cluster): LoadBalancing {
  const own = metadataOf(cluster)?.['loadBalancing'];
  if (own !== undefined) {
    const known = loadBalancings.find((name) => name === own);
    if (known === undefined) throw new Refusal(`metadata ${proxyMetadataKey} loadBalancing is not known`);
    return known;
  }
  refuseIf(
    cluster.loadBalancingPolicy !== undefined,
    'load_balancing_policy is not supported, only lb_policy',
  );
  const known = loadBalancingOf(cluster.lbPolicy);
  if (known === undefined) throw new Refusal(`lb_policy ${nameOf(cluster.lbPolicy)} is not supported`);
  return known;
}

function nameOf(policy: Cluster_LbPolicy): string {
  return Object.entries(Cluster_LbPolicy).find(([, value]) => value === policy)?.[0] ?? String(policy);
}

/** What our own xds-server says beyond xDS. */
function metadataOf({ metadata }: Cluster): Record<string, unknown> | undefined {
  return metadata?.filterMetadata[proxyMetadataKey];
}

function slowStartOf(cluster: Cluster, warn: Warn): SlowStart | undefined {
  const own = metadataOf(cluster);
  if (own !== undefined) return own['slowStart'] === undefined ? undefined : ownSlowStart(own['slowStart']);
  const { lbConfig } = cluster;
  if (lbConfig?.$case !== 'roundRobinLbConfig' && lbConfig?.$case !== 'leastRequestLbConfig')
    return undefined;
  const config = lbConfig.value.slowStartConfig;
  const windowMs = timeoutMs('slow_start_window', config?.slowStartWindow, warn);
  if (config === undefined || windowMs === undefined) return undefined;
  const aggression = config.aggression?.defaultValue || 1;
  refuseIf(!(aggression > 0), `slow_start_config.aggression must be more than 0, not ${aggression}`);
  return {
    windowMs,
    aggression: clamped('slow_start_config.aggression', aggression, ranges.aggression, warn),
    minWeightPercent: checked(
      'slow_start_config.min_weight_percent',
      config.minWeightPercent?.value ?? 10,
      ranges.percent,
    ),
  };
}

/** Written by our own xds-server, but it is input all the same. */
function ownSlowStart(given: unknown): SlowStart {
  const fields = (typeof given === 'object' && given !== null ? given : {}) as Record<string, unknown>;
  const number = (field: keyof SlowStart, range: Range) =>
    checked(`metadata ${proxyMetadataKey} slowStart.${field}`, Number(fields[field]), range);
  return {
    windowMs: number('windowMs', ranges.durationMs),
    aggression: number('aggression', ranges.aggression),
    minWeightPercent: number('minWeightPercent', ranges.percent),
  };
}

/** Absent: what counts as a failure by default. */
function failureCodesOf(cluster: Cluster): Pick<OutlierDetection, 'failureCodes'> {
  const given = metadataOf(cluster)?.['failureCodes'];
  if (given === undefined) return {};
  const codes = Array.isArray(given) ? given : [];
  const failureCodes = grpcCodes.filter((code) => code !== 'OK').filter((code) => codes.includes(code));
  const where = `metadata ${proxyMetadataKey} failureCodes`;
  refuseIf(
    failureCodes.length === 0 || failureCodes.length < codes.length,
    `${where} must be a list of status codes`,
  );
  return { failureCodes };
}

function breakerOf({ thresholds }: CircuitBreakers, warn: Warn): CircuitBreaker {
  const own = thresholds.find(({ priority }) => priority === 0);
  if (own?.retryBudget !== undefined) warn('retry_budget is unsupported; max_retries is heeded');
  const most = (field: string, value: number) =>
    clamped(`circuit_breakers.${field}`, value, ranges.circuitBreaker, warn);
  return {
    maxRequests: most('max_requests', own?.maxRequests ?? 1024),
    maxPendingRequests: most('max_pending_requests', own?.maxPendingRequests ?? 1024),
    maxConnections: most('max_connections', own?.maxConnections ?? 1024),
    maxRetries: most('max_retries', own?.maxRetries ?? 3),
  };
}
