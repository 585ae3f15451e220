import type { CircuitBreaker, Policy, Service } from '@evenly/mesh-config';
import {
  CircuitBreakers_Thresholds,
  type CircuitBreakers,
} from '@evenly/proto/envoy/config/cluster/v3/circuit_breaker';
import {
  Cluster,
  Cluster_CommonLbConfig,
  Cluster_DiscoveryType,
  Cluster_EdsClusterConfig,
} from '@evenly/proto/envoy/config/cluster/v3/cluster';
import type { Metadata } from '@evenly/proto/envoy/config/core/v3/base';
import { ApiVersion, type ConfigSource } from '@evenly/proto/envoy/config/core/v3/config_source';
import { Http1ProtocolOptions, Http2ProtocolOptions } from '@evenly/proto/envoy/config/core/v3/protocol';
import {
  HttpProtocolOptions,
  type HttpProtocolOptions_ExplicitHttpConfig,
} from '@evenly/proto/envoy/extensions/upstreams/http/v3/http_protocol_options';
import { isGrpc, type NodeKind } from '../node.ts';
import { resource, type NodeResource, type Resource } from '../resource.ts';
import { byKind } from './by-kind.ts';
import { configSource } from './config-source.ts';
import { durationOf } from './duration.ts';
import { endpointTls } from './endpoint-tls.ts';
import { lbPolicyFor } from './load-balancing.ts';
import { encode, message, packed } from './message.ts';
import { outlierDetectionFor } from './outlier-detection.ts';
import { proxyMetadataKey } from './names.ts';
import { upstreamSecurity } from './transport-security.ts';

export interface ClusterOptions {
  /** See configSource. */
  envoyXdsCluster: string;
  /** Whether gRPC clients should report their load here; Envoy decides that in its bootstrap. */
  loadReports: boolean;
}

export type ClusterService = Pick<Service, 'name' | 'policy' | 'servers' | 'tls' | 'protocol'>;

/** A service, or one of its subsets, as a cluster: its endpoints come by EDS under the same name. */
export function cluster(name: string, service: ClusterService, options: ClusterOptions): NodeResource {
  return byKind('cluster', name, (kind, mark) => clusterFor(kind, mark, name, service, options));
}

function clusterFor(
  kind: NodeKind,
  mark: number,
  name: string,
  service: ClusterService,
  { envoyXdsCluster, loadReports }: ClusterOptions,
): Resource {
  const { policy, servers, protocol } = service;
  const edsConfig = configSource(kind, envoyXdsCluster);
  const encoded = encode(Cluster, {
    name,
    clusterDiscoveryType: { $case: 'type', value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: message(Cluster_EdsClusterConfig, { edsConfig }),
    lbPolicy: lbPolicyFor(kind, policy.loadBalancing),
    outlierDetection: outlierDetectionFor(kind, mark, policy),
    circuitBreakers: circuitBreakers(kind, policy),
    ...(isGrpc(kind)
      ? grpcOnly(servers, loadReports)
      : { ...envoyOnly(policy, protocol), transportSocket: endpointTls(service) }),
    ...(kind === 'proxy' ? { metadata: proxyMetadata(policy) } : {}),
  });
  return resource('cluster', name, encoded, [name]);
}

/** Where they report to, and what servers want of connections: where the certificates are, they say in their bootstrap. */
const grpcOnly = (servers: Service['servers'], loadReports: boolean): Partial<Cluster> => ({
  lrsServer: loadReports ? fromHere : undefined,
  transportSocket: servers && upstreamSecurity(servers),
});

/** The server that the cluster came from: the only one that gRPC clients report to (gRFC A27). */
const fromHere: ConfigSource = {
  authorities: [],
  configSourceSpecifier: { $case: 'self', value: { transportApiVersion: ApiVersion.V3 } },
  resourceApiVersion: ApiVersion.V3,
};

/** What xDS has no word for, for our own proxy: the policies, the slow start of any of them, the scheme, what is a failure. */
function proxyMetadata({ loadBalancing, slowStart, scheme, outlierDetection }: Policy): Metadata {
  const failureCodes = outlierDetection?.failureCodes;
  const own = {
    loadBalancing,
    ...(slowStart === undefined ? {} : { slowStart: { ...slowStart } }),
    ...(scheme === undefined ? {} : { scheme }),
    ...(failureCodes === undefined ? {} : { failureCodes: [...failureCodes] }),
  };
  return { filterMetadata: { [proxyMetadataKey]: own }, typedFilterMetadata: {} };
}

/** Clients have limits of their own where none are sent: 1,024 calls, and in Envoy 3 retries under way. */
function circuitBreakers(kind: NodeKind, { circuitBreaker }: Policy): CircuitBreakers | undefined {
  // Our own proxy has none then, and a budget for retries that xDS has no word for.
  if (circuitBreaker === undefined && kind === 'proxy') return undefined;
  return { thresholds: [thresholds(circuitBreaker ?? unlimited)], perHostThresholds: [] };
}

/** The most that fits a signed integer, as which some languages read it. */
const most = 2 ** 31 - 1;
const unlimited = {
  maxRequests: most,
  maxPendingRequests: most,
  maxConnections: most,
  maxRetries: most,
} satisfies CircuitBreaker;

function thresholds({ maxRequests, maxPendingRequests, maxConnections, maxRetries }: CircuitBreaker) {
  return message(CircuitBreakers_Thresholds, { maxRequests, maxPendingRequests, maxConnections, maxRetries });
}

export const httpOptionsType = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** What endpoints speak (Envoy would speak HTTP/1.1 to all), and what gRPC clients do not know. */
function envoyOnly(
  { slowStart, panicThresholdPercent, loadBalancing, zonePreference }: Policy,
  protocol: Service['protocol'],
): Partial<Cluster> {
  const protocolConfig: HttpProtocolOptions_ExplicitHttpConfig['protocolConfig'] =
    protocol === 'http1'
      ? { $case: 'httpProtocolOptions', value: message(Http1ProtocolOptions, {}) }
      : { $case: 'http2ProtocolOptions', value: message(Http2ProtocolOptions, {}) };
  const options = packed(httpOptionsType, HttpProtocolOptions, {
    upstreamProtocolOptions: { $case: 'explicitHttpConfig', value: { protocolConfig } },
  });
  const slowStartConfig =
    slowStart === undefined
      ? undefined
      : {
          slowStartWindow: durationOf(slowStart.windowMs),
          aggression: { defaultValue: slowStart.aggression, runtimeKey: '' },
          minWeightPercent: { value: slowStart.minWeightPercent },
        };
  return {
    typedExtensionProtocolOptions: { [httpOptionsType]: options },
    connectTimeout: durationOf(5000),
    commonLbConfig: message(Cluster_CommonLbConfig, {
      healthyPanicThreshold: { value: panicThresholdPercent },
      // gRPC clients heed the weights of localities always, Envoy only when told to.
      localityConfigSpecifier:
        zonePreference === 'failover' ? undefined : { $case: 'localityWeightedLbConfig', value: {} },
    }),
    ...(slowStartConfig !== undefined && loadBalancing === 'round-robin'
      ? { lbConfig: { $case: 'roundRobinLbConfig', value: { slowStartConfig } } }
      : {}),
  };
}
