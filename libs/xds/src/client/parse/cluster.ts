import {
  defaultPolicy,
  type CircuitBreaker,
  type LoadBalancing,
  type OutlierDetection,
  type Policy,
  type SlowStart,
} from '@evenly/mesh-config';
import type { CircuitBreakers } from '@evenly/proto/envoy/config/cluster/v3/circuit_breaker';
import {
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  type Cluster,
} from '@evenly/proto/envoy/config/cluster/v3/cluster';
import type { OutlierDetection as XdsOutlierDetection } from '@evenly/proto/envoy/config/cluster/v3/outlier_detection';
import { msOf } from '../../resources/duration.ts';
import { proxyMetadataKey } from '../../resources/names.ts';
import type { XdsCluster } from '../model.ts';
import { Refusal, refuseIf, type Warn } from '../refusal.ts';

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
  refuseIf(
    cluster.transportSocket !== undefined || cluster.transportSocketMatches.length > 0,
    'a transport_socket (TLS by xDS) is not supported',
  );
  if (cluster.healthChecks.length > 0) warn('health_checks are left out; the health in endpoints is heeded');
  const slowStart = slowStartOf(cluster);
  const panicThresholdPercent = cluster.commonLbConfig?.healthyPanicThreshold?.value;
  const policy: Policy = {
    loadBalancing: loadBalancingOf(cluster),
    zonePreference: 'none',
    panicThresholdPercent: panicThresholdPercent ?? defaultPolicy.panicThresholdPercent,
    ...(circuitBreakers === undefined ? {} : { circuitBreaker: breakerOf(circuitBreakers, warn) }),
    ...(outlierDetection === undefined ? {} : { outlierDetection: outliersOf(outlierDetection) }),
    ...(slowStart === undefined ? {} : { slowStart }),
  };
  return { policy, endpoints: cluster.edsClusterConfig?.serviceName || name };
}

/** Weights of endpoints and localities are part of xDS, so round robin is by weight; with equal ones it is the same. */
function loadBalancingOf(cluster: Cluster): LoadBalancing {
  const own = metadataOf(cluster)?.['loadBalancing'] as LoadBalancing | undefined;
  if (own !== undefined) return own === 'round-robin' ? 'weighted-round-robin' : own;
  refuseIf(
    cluster.loadBalancingPolicy !== undefined,
    'load_balancing_policy is not supported, only lb_policy',
  );
  switch (cluster.lbPolicy) {
    case Cluster_LbPolicy.ROUND_ROBIN:
      return 'weighted-round-robin';
    case Cluster_LbPolicy.LEAST_REQUEST:
      return 'least-request';
    case Cluster_LbPolicy.RING_HASH:
      return 'ring-hash';
    default:
      throw new Refusal(`lb_policy ${nameOf(cluster.lbPolicy)} is not supported`);
  }
}

function nameOf(policy: Cluster_LbPolicy): string {
  return Object.entries(Cluster_LbPolicy).find(([, value]) => value === policy)?.[0] ?? String(policy);
}

/** What our own xds-server says beyond xDS. */
function metadataOf({ metadata }: Cluster): Record<string, unknown> | undefined {
  return metadata?.filterMetadata[proxyMetadataKey];
}

function slowStartOf(cluster: Cluster): SlowStart | undefined {
  const own = metadataOf(cluster);
  if (own !== undefined) return own['slowStart'] as SlowStart | undefined;
  const { lbConfig } = cluster;
  if (lbConfig?.$case !== 'roundRobinLbConfig' && lbConfig?.$case !== 'leastRequestLbConfig')
    return undefined;
  const config = lbConfig.value.slowStartConfig;
  const windowMs = msOf(config?.slowStartWindow);
  if (config === undefined || windowMs === undefined || windowMs === 0) return undefined;
  return {
    windowMs,
    aggression: config.aggression?.defaultValue || 1,
    minWeightPercent: config.minWeightPercent?.value ?? 10,
  };
}

function breakerOf({ thresholds }: CircuitBreakers, warn: Warn): CircuitBreaker {
  const own = thresholds.find(({ priority }) => priority === 0);
  if (own?.retryBudget !== undefined) warn('retry_budget is left out; max_retries is heeded');
  const { maxRequests = 1024, maxPendingRequests = 1024, maxConnections = 1024, maxRetries = 3 } = own ?? {};
  return { maxRequests, maxPendingRequests, maxConnections, maxRetries };
}

function outliersOf(detection: XdsOutlierDetection): OutlierDetection {
  const {
    consecutive5xx = 5,
    enforcingConsecutive5xx = 100,
    enforcingSuccessRate = 100,
    enforcingFailurePercentage = 0,
    maxEjectionPercent = 10,
  } = detection;
  const baseEjectionTimeMs = msOf(detection.baseEjectionTime) ?? 30_000;
  return {
    consecutiveFailures: enforcingConsecutive5xx > 0 ? consecutive5xx : 0,
    intervalMs: msOf(detection.interval) ?? 10_000,
    baseEjectionTimeMs,
    maxEjectionTimeMs: Math.max(baseEjectionTimeMs, msOf(detection.maxEjectionTime) ?? 300_000),
    maxEjectionPercent,
    ...(enforcingSuccessRate > 0
      ? {
          successRate: {
            stdevFactor: (detection.successRateStdevFactor ?? 1900) / 1000,
            enforcementPercent: enforcingSuccessRate,
            minimumHosts: detection.successRateMinimumHosts ?? 5,
            requestVolume: detection.successRateRequestVolume ?? 100,
          },
        }
      : {}),
    ...(enforcingFailurePercentage > 0
      ? {
          failurePercentage: {
            thresholdPercent: detection.failurePercentageThreshold ?? 85,
            enforcementPercent: enforcingFailurePercentage,
            minimumHosts: detection.failurePercentageMinimumHosts ?? 5,
            requestVolume: detection.failurePercentageRequestVolume ?? 50,
          },
        }
      : {}),
  };
}
