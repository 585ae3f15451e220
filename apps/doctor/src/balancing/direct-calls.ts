import type { Inventory } from '../inventory/inventory.ts';
import type { Workload } from '../inventory/workload.ts';
import type { Container, Text } from '../inventory/objects/container.ts';
import type { ServiceObject } from '../inventory/objects/service.ts';
import type { Client } from './client.ts';
import { hasWaypoint, type Mesh } from './mesh.ts';
import type { Target } from './target.ts';

type Way = Pick<Client, 'carrier' | 'by' | 'balances' | 'endpointsFrom'>;

/** Schemes whose resolvers follow the Kubernetes API: that of @evenly/discovery, and of kuberesolver for Go. */
const apiSchemes = new Set(['k8s', 'kubernetes']);

/** How calls reach the pods of a Service that a client names itself, without a control plane. */
export function wayOf(
  scheme: string | undefined,
  service: ServiceObject,
  mesh: Mesh | undefined,
  inventory: Inventory,
): Way {
  if (scheme !== undefined && apiSchemes.has(scheme))
    return { carrier: 'client-api', by: 'client', balances: 'calls', endpointsFrom: 'kubernetes' };
  if (scheme === 'dns+srv')
    return { carrier: 'client-dns-srv', by: 'client', balances: 'calls', endpointsFrom: 'dns-srv' };
  const injected = mesh !== undefined && !mesh.isMissing ? mesh.kind : undefined;
  if (injected === 'linkerd') return { carrier: 'mesh', by: 'linkerd', balances: 'calls' };
  if (injected === 'istio-ambient' && hasWaypoint(service, inventory))
    return { carrier: 'mesh', by: 'istio waypoint', balances: 'calls' };
  // Istio passes calls of a headless Service through to the pod that the client has chosen.
  if (service.isHeadless)
    return { carrier: 'headless-dns', by: 'client', balances: 'as-client-says', endpointsFrom: 'dns' };
  if (injected === 'istio') return { carrier: 'mesh', by: 'istio', balances: 'calls' };
  return { carrier: 'cluster-ip', by: 'kube-proxy', balances: 'connections' };
}

/**
 * As a sentence wants it: `env SERVER_ADDRESS=dns:///cart:50051`. Of a longer text only what names the server: reports are handed
 * on, and beside it there may be a password.
 */
export function seenIn({ at, value }: Text, target: Target): string {
  const [flag = ''] = /^--?[\w.-]+=/.exec(value) ?? [];
  const isAll = value === flag + target.text;
  return `${at}=${isAll ? value : `…${target.text}…`}`;
}

/** Who it is, and how a reader knows. */
export const clientOf = (
  { kind, namespace, name }: Workload,
  rest: Omit<Client, 'kind' | 'namespace' | 'name'>,
): Client => ({ kind, namespace, name, ...rest });

/** Which container, where there are several. */
export const containerIn = ({ pods }: Workload, { name }: Container) =>
  pods.containers.length > 1 ? `container ${name}, ` : '';
