import type { DiscoveryError } from '@evenly/endpoints';
import type { DataPlaneFacts, GatewayFacts } from '@evenly/gateway-api';
import type { ApiObject, KindName, KubernetesApi, ResourceKind } from '@evenly/kubernetes';

const kindName = (group: string, version: string, plural: string, kind: string): KindName => ({
  group,
  version,
  plural,
  kind,
});

/** What is made for a Gateway, by kind. */
export const proxyKinds: ReadonlyMap<string, KindName> = new Map(
  [
    kindName('', 'v1', 'serviceaccounts', 'ServiceAccount'),
    kindName('apps', 'v1', 'deployments', 'Deployment'),
    kindName('', 'v1', 'services', 'Service'),
    kindName('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget'),
    kindName('autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler'),
  ].map((one) => [one.kind, one]),
);

/** One of them, as it stands there. */
export interface ProxyObject {
  name: string;
  namespace: string;
  /** `ns/name` of the Gateway that owns it, and of which class it was. */
  gateway: string;
  className: string;
  available: boolean;
  addresses: GatewayFacts['addresses'];
}

type Objects = ReadonlyMap<string, ProxyObject | undefined>;

const selector = { labelSelector: 'app.kubernetes.io/managed-by=evenly' };

/** Follows the Deployments and Services of Gateways: whether their proxies run, and where clients reach them. */
export class ProxyObjects {
  readonly #stops: (() => void)[];
  #deployments: Objects | undefined;
  #services: Objects | undefined;

  constructor(
    api: Pick<KubernetesApi, 'watch'>,
    listener: { onChange: () => void; onError: (kind: string, error: DiscoveryError) => void },
  ) {
    const follow = (kind: string, take: (objects: Objects) => void) =>
      api.watch(resources[kind]!, selector, {
        onObjects: (objects) => {
          take(objects);
          listener.onChange();
        },
        onError: (error) => listener.onError(kind, error),
        onWatching: () => undefined,
      });
    this.#stops = [
      follow('Deployment', (objects) => (this.#deployments = objects)),
      follow('Service', (objects) => (this.#services = objects)),
    ];
  }

  get isKnown(): boolean {
    return this.#deployments !== undefined && this.#services !== undefined;
  }

  has(kind: 'Deployment' | 'Service', key: string): boolean {
    return (kind === 'Deployment' ? this.#deployments : this.#services)?.has(key) === true;
  }

  *deployments(): Iterable<ProxyObject> {
    for (const one of this.#deployments?.values() ?? []) if (one !== undefined) yield one;
  }

  facts(): DataPlaneFacts {
    const gateways = new Map<string, GatewayFacts>();
    for (const { gateway, available } of this.deployments()) {
      const known = gateways.get(gateway);
      gateways.set(gateway, { addresses: [], available: available || known?.available === true });
    }
    for (const one of this.#services?.values() ?? []) {
      const known = one && gateways.get(one.gateway);
      if (known !== undefined) gateways.set(one!.gateway, { ...known, addresses: one!.addresses });
    }
    return { gateways };
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }
}

const resources: Readonly<Record<string, ResourceKind<ProxyObject | undefined>>> = {
  Deployment: { ...proxyKinds.get('Deployment')!, read: readProxyObject },
  Service: { ...proxyKinds.get('Service')!, read: readProxyObject },
};

interface Fields {
  metadata: {
    ownerReferences?: { kind?: unknown; name?: unknown }[];
    labels?: Record<string, unknown>;
  };
  spec?: { type?: unknown; clusterIP?: unknown };
  status?: {
    availableReplicas?: unknown;
    loadBalancer?: { ingress?: { ip?: unknown; hostname?: unknown }[] };
  };
}

/** Both kinds were made by us, and are written by the API server; what has another form is nobody's. */
function readProxyObject(object: ApiObject): ProxyObject | undefined {
  const { name, namespace = '' } = object.metadata;
  const { metadata, spec, status } = object as unknown as Fields;
  const owner = (metadata.ownerReferences ?? []).find(({ kind }) => kind === 'Gateway');
  if (typeof owner?.name !== 'string') return undefined;
  const className = metadata.labels?.['gateway.networking.k8s.io/gateway-class-name'];
  return {
    name,
    namespace,
    gateway: `${namespace}/${owner.name}`,
    className: typeof className === 'string' ? className : '',
    available: Number(status?.availableReplicas ?? 0) > 0,
    addresses: addressesOf(spec, status),
  };
}

function addressesOf(spec: Fields['spec'], status: Fields['status']): GatewayFacts['addresses'] {
  if (spec?.type === 'LoadBalancer') {
    return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => {
      if (typeof ip === 'string' && ip !== '') return [{ type: 'IPAddress', value: ip }];
      return typeof hostname === 'string' ? [{ type: 'Hostname', value: hostname }] : [];
    });
  }
  const clusterIp = spec?.clusterIP;
  const has = typeof clusterIp === 'string' && clusterIp !== '' && clusterIp !== 'None';
  return has ? [{ type: 'IPAddress', value: clusterIp }] : [];
}
