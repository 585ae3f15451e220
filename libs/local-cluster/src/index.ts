export { authority, secretFolder, type Pair } from './certificates.ts';
export { LocalCluster, type ClusterOptions } from './cluster.ts';
export { DnsServer, type DnsCounters, type DnsOptions, type DnsStatus } from './dns/server.ts';
export type { Zone, ZoneService } from './dns/zone.ts';
export { LocalClusterError, type LocalClusterErrorCode } from './errors.ts';
export { ClusterBuilder, localCluster } from './harness.ts';
export { followCluster, slicesOfService } from './kube-api/cluster-slices.ts';
export {
  serviceNameLabel,
  type EndpointSliceObject,
  type ServiceObject,
  type SliceEndpointObject,
  type ServedKind,
} from './kube-api/objects.ts';
export { KubeApi, type KubeApiFaults, type KubeApiOptions } from './kube-api/server.ts';
export { Pod, type PodState, type PodStatus } from './pod.ts';
export { ManagedProcess, describeExit, type Exit, type ListenAddress, type ProcessSpec } from './process.ts';
export type { VirtualIpStatus } from './virtual-ip.ts';
export { LocalService, maxReplicas, type ServiceSpec, type ServiceStatus } from './service.ts';
