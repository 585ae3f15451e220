export { LocalCluster, type ClusterOptions } from './cluster.ts';
export { DnsServer, type DnsCounters, type DnsOptions, type DnsStatus } from './dns/server.ts';
export type { Zone, ZoneService } from './dns/zone.ts';
export { LocalClusterError, type LocalClusterErrorCode } from './errors.ts';
export { ClusterBuilder, localCluster } from './harness.ts';
export { Pod, type PodState, type PodStatus } from './pod.ts';
export { ManagedProcess, describeExit, type Exit, type ListenAddress, type ProcessSpec } from './process.ts';
export { LocalService, maxReplicas, type ServiceSpec, type ServiceStatus } from './service.ts';
