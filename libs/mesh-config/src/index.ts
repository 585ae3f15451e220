export { ConfigError, describeFault, type ConfigFault } from './errors.ts';
export { grpcCodes, retryableCodes, type GrpcCode, type RetryableCode } from './grpc-code.ts';
export type { HealthCheck, Listener, Locality, MeshConfig, Service, Subset } from './mesh-config.ts';
export type {
  CircuitBreaker,
  FailurePercentageEjection,
  LoadBalancing,
  OutlierDetection,
  Policy,
  Retry,
  SlowStart,
  Subsetting,
  SuccessRateEjection,
  ZonePreference,
} from './policy.ts';
export type {
  Destination,
  Fault,
  HeaderCondition,
  HeaderMatch,
  PathMatch,
  Route,
  RouteMatch,
} from './route.ts';
export { routesOf } from './routes-of.ts';
export type {
  DnsASource,
  DnsSrvSource,
  FileSource,
  KubernetesSource,
  MergedSource,
  Source,
  StaticEndpoint,
  StaticSource,
} from './source.ts';
export { readSvcConfig, srvName, type SvcConfigService } from './svc-config.ts';
