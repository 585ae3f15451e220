// What a user of sources needs beside them: whoever installs this package does not have to know of the other.
export {
  DiscoveryError,
  endpointKey,
  endpointSet,
  mergedSource,
  staticSource,
  withStaleLimit,
} from '@evenly/endpoints';
export type {
  BackoffOptions,
  DiscoveryErrorCode,
  Endpoint,
  EndpointListener,
  EndpointSet,
  EndpointSource,
  EndpointState,
} from '@evenly/endpoints';
export {
  findAccess,
  inClusterAccess,
  KubernetesApi,
  kubeconfigAccess,
  tokenAccess,
} from '@evenly/kubernetes';
export type { ApiServerAccess, KubernetesApiOptions } from '@evenly/kubernetes';
export { dnsResolver, type DnsResolver, type DnsResolverOptions } from './dns/resolver.ts';
export { readEndpointFile } from './file/endpoint-file.ts';
export { healthCheckedSource } from './health/checked-source.ts';
export type { HealthChecker, HealthVerdict } from './health/checker.ts';
export type { HealthReport } from './health/judgement.ts';
export { grpcHealthChecker } from './health/lazy-checker.ts';
export { slicesOfClusters, type ClusterAccess, type SlicesOf } from './kubernetes/clusters.ts';
export { EndpointSlices, lazySlices, type SliceScope } from './kubernetes/endpoint-slices.ts';
export type { ConfigSurroundings, SourceKind } from './source-kind.ts';
export * from './sources.ts';
