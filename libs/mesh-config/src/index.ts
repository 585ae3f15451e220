export { readAnyConfig, readConfigPart, readConfigs, type ConfigFile } from './read-config.ts';
export {
  clustersOf,
  hasSeveralRegions,
  isOwnCluster,
  regionOfCaller,
  regionsOf,
  type Regions,
  type SourceCluster,
} from './clusters.ts';
export type { ConfigPart } from './config-part.ts';
export { configFaultOf, positionOfItem, rememberPosition, type FilePosition } from './file-positions.ts';
export { ConfigError, describeFault, describePlace, type ConfigFault } from './errors.ts';
export { listenerDefaults } from './file-format/listener-format.ts';
export { defaultPolicy } from './file-format/policy-format.ts';
export { loadBalancings } from './policy.ts';
export { grpcCodes, retryableCodes, type GrpcCode, type RetryableCode } from './grpc-code.ts';
export { meshConfigJsonSchema } from './json-schema.ts';
export { readListenerConfig } from './listener-config.ts';
export { Lookups, Memo, NamedMemo, sameItems, StableList, StableMap } from './memo.ts';
export { mergeConfigs } from './merge.ts';
export { readMeshConfig } from './mesh-reader.ts';
export type {
  EncodedSlashes,
  HealthCheck,
  Listener,
  Locality,
  MeshConfig,
  Service,
  Subset,
} from './mesh-config.ts';
export type { OlderFormatOptions } from './older-format-options.ts';
export type {
  CircuitBreaker,
  FailurePercentageEjection,
  Hedge,
  LoadBalancing,
  OutlierDetection,
  Policy,
  Retry,
  SlowStart,
  Subsetting,
  SuccessRateEjection,
  UpstreamScheme,
  ZonePreference,
} from './policy.ts';
export { printMeshConfig } from './print.ts';
export type { PathMatch } from './path-match.ts';
export type {
  Destination,
  Fault,
  HeaderCondition,
  HeaderMatch,
  Mirror,
  QueryMatch,
  RefusedShare,
  Route,
  RouteMatch,
  ServiceDestination,
} from './route.ts';
export { firstService, servicesOf } from './route.ts';
export {
  changedNameFault,
  changedValueFault,
  headerChangeLimits,
  type HeaderChanges,
  type HeaderValue,
} from './header-changes.ts';
export {
  changedPath,
  locationOf,
  redirectStatuses,
  type PathChange,
  type Redirect,
  type Rewrite,
} from './redirect.ts';
export type { ListenerTls, ServerCertificate, UpstreamTls } from './tls.ts';
export { beginningOf, type AllowedCalls, type Servers, type ServerSecurity } from './servers.ts';
export { ranges, type Range } from './ranges.ts';
export {
  cookieNameFault,
  cookiePathFault,
  cookiePathOf,
  sessionHeaderFault,
  type SessionPersistence,
} from './session-persistence.ts';
export { regexFault } from './regex.ts';
export { hostsOf, routesOf } from './routes-of.ts';
export { normalAuthority } from './routing/normal-authority.ts';
export { isWildcard, wildcardsOf } from './routing/authority-patterns.ts';
export { headerHolds, type RoutedRequest } from './routing/matchers.ts';
export { Router } from './routing/router.ts';
export { virtualHostsOf, type VirtualHost } from './routing/virtual-hosts.ts';
export type { Source } from './file-format/source-format.ts';
export { fromSvcConfig, readSvcConfig, srvName, type SvcConfigService } from './svc-config.ts';
