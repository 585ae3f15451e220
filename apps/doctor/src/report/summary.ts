import type { Client } from '../balancing/client.ts';
import type { DiagnosedService } from '../findings/index.ts';

/** How calls to a Service are given out today, by all that is known. */
export type Balanced = 'per-call' | 'per-connection' | 'as-clients-say' | 'mixed' | 'unknown';

/** What programs and persons are told of how a Service is balanced. */
export function balanced({ clients, role }: DiagnosedService): Balanced {
  if (role === 'control-plane') return 'per-connection';
  const kinds = new Set(clients.map(({ balances }) => balances));
  if (kinds.size === 0) return 'unknown';
  if (kinds.size > 1) return 'mixed';
  const [only] = kinds;
  return only === 'calls' ? 'per-call' : only === 'connections' ? 'per-connection' : 'as-clients-say';
}

/** `ClusterIP`, `headless`, `ExternalName` */
export function typeOf({ service }: DiagnosedService): string {
  if (service.discoverable.externalName !== undefined) return 'ExternalName';
  return service.isHeadless ? 'headless' : 'ClusterIP';
}

const from: Readonly<Record<string, string>> = {
  'dns-srv': 'DNS SRV',
  'dns-a': 'DNS',
  kubernetes: 'the Kubernetes API',
  discover: 'the Kubernetes API (--discover)',
};

/** In words, by what a client's calls get to pods. */
export function carrierText({ carrier, by, endpointsFrom }: Client): string {
  const source = endpointsFrom === undefined ? '' : `, pods from ${from[endpointsFrom] ?? endpointsFrom}`;
  switch (carrier) {
    case 'cluster-ip':
      return 'virtual address: the node picks a pod for each connection';
    case 'headless-dns':
      return 'addresses of pods by DNS: the client’s own policy decides';
    case 'client-dns-srv':
      return 'the client balances each call, pods from DNS SRV';
    case 'client-api':
      return 'the client balances each call, pods from the Kubernetes API';
    case 'xds':
      return `the client balances each call, told by xDS from ${by}${source}`;
    case 'mesh':
      return `${by} balances each call`;
    case 'sidecar':
      return `an l7-proxy in the client’s pod balances each call${source}`;
    case 'proxy':
      return `it is a proxy that balances each call${source}`;
    case 'gateway':
      return `a ${by} balances each call`;
  }
}

/** Things that a manifest does not say: a reader has to know what was not looked into. */
export function blindSpots({
  inventory,
}: {
  inventory: { workloads: readonly { pods: { containers: readonly { hasHiddenTexts: boolean }[] } }[] };
}): number {
  return inventory.workloads
    .flatMap(({ pods }) => pods.containers)
    .filter(({ hasHiddenTexts }) => hasHiddenTexts).length;
}
