import { laterKubeconfigAccess, lazyKubernetes, type KubernetesApiOptions } from '@evenly/kubernetes';
import { lazySlices, type EndpointSlices } from './endpoint-slices.ts';

/** How to come to a cluster that is not the program's own. */
export interface ClusterAccess {
  kubeconfig: string;
  /** Of the kubeconfig. Absent = its current one. */
  context?: string;
}

/**
 * Of as many clusters are the clients kept, the newest: configs have 16, and those that nobody follows have no connections.
 */
const maxClients = 64;

export type SlicesOf = (cluster: ClusterAccess) => () => Promise<EndpointSlices>;

/** The EndpointSlices of other clusters: one client, so one watch of a namespace, for all who mean the same. */
export function slicesOfClusters(options: KubernetesApiOptions = {}): SlicesOf {
  const clients = new Map<string, () => Promise<EndpointSlices>>();
  return ({ kubeconfig, context }) => {
    const key = JSON.stringify([kubeconfig, context]);
    const known = clients.get(key);
    if (known !== undefined) return known;
    const access = laterKubeconfigAccess(kubeconfig, context);
    const slices = lazySlices(lazyKubernetes({ ...options, access, env: {} }), 'namespace');
    clients.set(key, slices);
    if (clients.size > maxClients) clients.delete(clients.keys().next().value!);
    return slices;
  };
}
