import type { DiscoveryError } from '@evenly/endpoints';
import { gatewayGroup, type DataPlaneFacts, type GatewayFacts } from '@evenly/gateway-api';
import type { ApiObject, KindName, KubernetesApi, ResourceKind } from '@evenly/kubernetes';
import * as z from 'zod';

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

const managedBy = 'app.kubernetes.io/managed-by';
const selector = { labelSelector: `${managedBy}=evenly` };

/** It has our label, and a Gateway owns it. */
export function isMadeForGateway({ metadata }: ApiObject): boolean {
  const { labels, ownerReferences } = metadata as {
    labels?: Record<string, unknown>;
    ownerReferences?: unknown;
  };
  const owners = Array.isArray(ownerReferences) ? (ownerReferences as { kind?: unknown }[]) : [];
  return labels?.[managedBy] === 'evenly' && owners.some(({ kind }) => kind === 'Gateway');
}

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

const text = z.string().nullish();
const form = z.object({
  metadata: z.object({
    ownerReferences: z.array(z.object({ kind: z.string(), name: z.string() })),
    labels: z.record(z.string(), z.string()).nullish(),
  }),
  spec: z.object({ type: text, clusterIP: text }).nullish(),
  status: z
    .object({
      availableReplicas: z.number().nullish(),
      loadBalancer: z
        .object({ ingress: z.array(z.object({ ip: text, hostname: text })).nullish() })
        .nullish(),
    })
    .nullish(),
});
type Fields = z.output<typeof form>;

/** Both kinds were made by us, and are written by the API server; what has another form is nobody's. */
function readProxyObject(object: ApiObject): ProxyObject | undefined {
  const { name, namespace = '' } = object.metadata;
  const read = form.safeParse(object);
  if (!read.success) return undefined;
  const { metadata, spec, status } = read.data;
  const owner = metadata.ownerReferences.find(({ kind }) => kind === 'Gateway');
  if (owner === undefined) return undefined;
  return {
    name,
    namespace,
    gateway: `${namespace}/${owner.name}`,
    className: metadata.labels?.[`${gatewayGroup}/gateway-class-name`] ?? '',
    available: (status?.availableReplicas ?? 0) > 0,
    addresses: addressesOf(spec, status),
  };
}

function addressesOf(spec: Fields['spec'], status: Fields['status']): GatewayFacts['addresses'] {
  if (spec?.type === 'LoadBalancer') {
    return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => {
      if (ip) return [{ type: 'IPAddress', value: ip }];
      return hostname ? [{ type: 'Hostname', value: hostname }] : [];
    });
  }
  const clusterIp = spec?.clusterIP;
  return clusterIp && clusterIp !== 'None' ? [{ type: 'IPAddress', value: clusterIp }] : [];
}
