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
export { dnsResolver, type DnsResolver, type DnsResolverOptions } from './dns/resolver.ts';
export { readEndpointFile } from './file/endpoint-file.ts';
export { healthCheckedSource, type HealthReport } from './health/checked-source.ts';
export type { HealthChecker, HealthVerdict } from './health/checker.ts';
export { grpcHealthChecker } from './health/lazy-checker.ts';
export { findAccess, inClusterAccess, tokenAccess } from './kubernetes/access.ts';
export type { ApiServerAccess } from './kubernetes/api-server-access.ts';
export { kubeconfigAccess } from './kubernetes/kubeconfig.ts';
export { KubernetesApi, type KubernetesApiOptions } from './kubernetes/kubernetes-api.ts';
export { lazyKubernetes } from './kubernetes/lazy-kubernetes.ts';
export type { ConfigSurroundings, SourceKind } from './source-kind.ts';
export * from './sources.ts';
