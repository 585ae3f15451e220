import type { ServiceDefinition } from '@grpc/grpc-js';
import { ClusterDiscoveryServiceService } from '@evenly/proto/envoy/service/cluster/v3/cds';
import { AggregatedDiscoveryServiceService } from '@evenly/proto/envoy/service/discovery/v3/ads';
import { EndpointDiscoveryServiceService } from '@evenly/proto/envoy/service/endpoint/v3/eds';
import { ListenerDiscoveryServiceService } from '@evenly/proto/envoy/service/listener/v3/lds';
import { RouteDiscoveryServiceService } from '@evenly/proto/envoy/service/route/v3/rds';
import { sendOrder, type ResourceType } from '@evenly/xds';

/** One gRPC service of the xDS API: which of its methods speaks which variant, and the types that it serves. */
export interface XdsService {
  definition: ServiceDefinition;
  sotw: string;
  delta: string;
  /** The unary method for polling; answered with a clear refusal. */
  fetch?: string;
  types: readonly ResourceType[];
}

/** The aggregated service, and each type's own. */
export const xdsServices: readonly XdsService[] = [
  {
    definition: preEncoded(AggregatedDiscoveryServiceService),
    sotw: 'streamAggregatedResources',
    delta: 'deltaAggregatedResources',
    types: sendOrder,
  },
  ownService(ListenerDiscoveryServiceService, 'Listeners', 'listener'),
  ownService(RouteDiscoveryServiceService, 'Routes', 'route'),
  ownService(ClusterDiscoveryServiceService, 'Clusters', 'cluster'),
  ownService(EndpointDiscoveryServiceService, 'Endpoints', 'endpoints'),
];

function ownService(definition: object, plural: string, type: ResourceType): XdsService {
  return {
    definition: preEncoded(definition),
    sotw: `stream${plural}`,
    delta: `delta${plural}`,
    fetch: `fetch${plural}`,
    types: [type],
  };
}

/** Responses come encoded from libs/xds, once for all clients that get the same: grpc-js passes them on as they are. */
function preEncoded(definition: object): ServiceDefinition {
  const methods = Object.entries(definition as ServiceDefinition).map(([name, method]) => [
    name,
    { ...method, responseSerialize: (encoded: Buffer) => encoded },
  ]);
  return Object.fromEntries(methods) as ServiceDefinition;
}
