export { findAccess, inClusterAccess, tokenAccess } from './access/access.ts';
export type { ApiServerAccess } from './access/api-server-access.ts';
export { kubeconfigAccess, laterKubeconfigAccess } from './access/kubeconfig.ts';
export { ApiRefusal } from './api/api-refusal.ts';
export { KubernetesApi, type KubernetesApiOptions } from './api/kubernetes-api.ts';
export { lazyKubernetes } from './api/lazy-kubernetes.ts';
export { LeaderElection, type LeaderElectionOptions } from './lease/leader-election.ts';
export { leaseKind } from './lease/lease-record.ts';
export {
  objectKey,
  type ApiObject,
  type KindName,
  type ObjectMetadata,
  type ObjectRef,
  type ResourceKind,
  type Scope,
} from './resource-kind.ts';
export type { ResourceListener } from './watch/resource-watch.ts';
