export type { ClientStreamRequest, ClientStreamResponse } from './client/ads-stream.ts';
export type { ProtocolVariant } from './protocol-variant.ts';
export { XdsClient, type XdsClientOptions, type XdsClientStatus } from './client/xds-client.ts';
export { XdsError, type XdsErrorCode } from './errors.ts';
export { defaultLimits, type StreamLimits } from './limits.ts';
export { defaultLoadLimits, type LoadLimits } from './load/load-limits.ts';
export type { Load } from './load/load-report.ts';
export { LoadStore, otherClusters, type ClientLoad } from './load/load-store.ts';
export { LoadStream, type LoadStreamOptions } from './load/load-stream.ts';
export { isGrpc, nodeInfo, proxyUserAgent, type NodeInfo, type NodeKind } from './node.ts';
export { resource, type NodeResource, type Resource } from './resource.ts';
export { ResourceCache, type CacheChange, type CacheListener } from './resource-cache.ts';
export { consumerName } from './listener-alias.ts';
export { isServerListener, serverListenerTemplate } from './server-listener-name.ts';
export { sendOrder, typeOfUrl, typeUrlOf, type ResourceType } from './resource-type.ts';
export { endpointAssignment, unknownAssignment, type EndpointsOptions } from './resources/endpoints.ts';
export { clients, type Client } from './client-support/clients.ts';
export { features } from './client-support/features/index.ts';
export { unsupported, type Unsupported } from './client-support/unsupported.ts';
export { clusterName, defaultListenerName } from './resources/names.ts';
export { withoutKeys } from './resources/without-keys.ts';
export {
  defaultEnvoyXdsCluster,
  RoutingResources,
  routingResources,
  type RoutingOptions,
} from './resources/routing.ts';
export { DeltaStream } from './stream/delta-stream.ts';
export type { EncodedResponse } from './stream/response-encoder.ts';
export { SotwStream } from './stream/sotw-stream.ts';
export { Subscribers } from './stream/subscribers.ts';
export type { Subscription, SubscriptionChange } from './stream/subscription.ts';
export type { Known, Nack, TypeState } from './stream/type-state.ts';
export { XdsStream, type Acknowledgement, type StreamOptions } from './stream/xds-stream.ts';
