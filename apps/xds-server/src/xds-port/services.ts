import { ClusterDiscoveryServiceService as cds } from '@evenly/proto/envoy/service/cluster/v3/cds';
import { AggregatedDiscoveryServiceService as ads } from '@evenly/proto/envoy/service/discovery/v3/ads';
import type {
  DeltaDiscoveryRequest,
  DiscoveryRequest,
} from '@evenly/proto/envoy/service/discovery/v3/discovery';
import { EndpointDiscoveryServiceService as eds } from '@evenly/proto/envoy/service/endpoint/v3/eds';
import { ListenerDiscoveryServiceService as lds } from '@evenly/proto/envoy/service/listener/v3/lds';
import { RouteDiscoveryServiceService as rds } from '@evenly/proto/envoy/service/route/v3/rds';
import { sendOrder, type ResourceType } from '@evenly/xds';

interface StreamMethod<Request> {
  readonly path: string;
  readonly requestDeserialize: (bytes: Buffer) => Request;
}

/** One gRPC service of the xDS API: its methods, by the variant that they speak, and the types that it serves. */
export interface XdsService {
  sotw: StreamMethod<DiscoveryRequest>;
  delta: StreamMethod<DeltaDiscoveryRequest>;
  /** The unary method for polling; answered with a clear refusal. */
  fetch?: { readonly path: string };
  types: readonly ResourceType[];
}

/** The aggregated service, and each type's own. */
export const xdsServices: readonly XdsService[] = [
  { sotw: ads.streamAggregatedResources, delta: ads.deltaAggregatedResources, types: sendOrder },
  { sotw: lds.streamListeners, delta: lds.deltaListeners, fetch: lds.fetchListeners, types: ['listener'] },
  { sotw: rds.streamRoutes, delta: rds.deltaRoutes, fetch: rds.fetchRoutes, types: ['route'] },
  { sotw: cds.streamClusters, delta: cds.deltaClusters, fetch: cds.fetchClusters, types: ['cluster'] },
  { sotw: eds.streamEndpoints, delta: eds.deltaEndpoints, fetch: eds.fetchEndpoints, types: ['endpoints'] },
];
