import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeApi, type ServedKind } from '@evenly/local-cluster';
import { objectsIn, type KubernetesObject } from '../helm/rendered.ts';

const kind = (apiVersion: string, kind: string, plural: string): ServedKind => ({
  ...{ kind, apiVersion, plural, empty: {} },
});
const gatewayApi = 'gateway.networking.k8s.io/v1';
/** What the doctor asks for, but for Services, which every API here has. */
const kinds = [
  kind('apps/v1', 'Deployment', 'deployments'),
  kind('apps/v1', 'StatefulSet', 'statefulsets'),
  kind('apps/v1', 'DaemonSet', 'daemonsets'),
  kind('v1', 'Pod', 'pods'),
  kind('v1', 'Namespace', 'namespaces'),
  kind('v1', 'ConfigMap', 'configmaps'),
  kind('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  kind(gatewayApi, 'GRPCRoute', 'grpcroutes'),
  kind(gatewayApi, 'Gateway', 'gateways'),
];

interface Template {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: { containers: { name: string; image?: string }[] };
}

type Manifest = KubernetesObject & {
  metadata: { annotations?: Record<string, string> };
  spec?: { clusterIP?: string; template?: Template; replicas?: number };
};

/**
 * An API server that has what `kubectl apply` of some manifests leads to, as far as the doctor asks: with the virtual
 * addresses of Services, and the pods of Deployments, into which service meshes have put their proxies.
 */
export class ServedCluster {
  readonly api = new KubeApi();
  readonly kubeconfig: string;
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.kubeconfig = join(directory, 'kubeconfig');
  }

  /** @param without kinds that the cluster does not know, by their plurals */
  static async start(yaml: string, { without = [] }: { without?: string[] } = {}): Promise<ServedCluster> {
    const cluster = new ServedCluster(await mkdtemp(join(tmpdir(), 'evenly-doctor-')));
    const { api } = cluster;
    const stores = new Map(
      kinds.filter(({ plural }) => !without.includes(plural)).map((one) => [one.kind, api.serve(one)]),
    );
    const manifests = objectsIn(yaml) as Manifest[];
    for (const manifest of manifests) {
      const object = { ...manifest, metadata: { ...manifest.metadata, namespace: namespaceOf(manifest) } };
      if (object.kind === 'Service') api.services.put(asService(object));
      else stores.get(object.kind)?.put(object);
      for (const pod of podsOf(object, manifests)) stores.get('Pod')?.put(pod);
    }
    await api.start();
    await writeFile(cluster.kubeconfig, kubeconfigOf(api.url));
    return cluster;
  }

  async stop(): Promise<void> {
    await this.api.stop();
    await rm(this.#directory, { recursive: true });
  }
}

const namespaceOf = ({ kind, metadata }: Manifest) =>
  kind === 'Namespace' ? '' : (metadata.namespace ?? 'default');

/** The API server gives a virtual address to each Service that does not refuse one. */
const asService = <T extends Manifest>(object: T) => ({
  ...object,
  spec: { type: 'ClusterIP', ...object.spec, clusterIP: object.spec?.clusterIP ?? '10.96.0.10' },
});

function podsOf(
  { kind, metadata, spec }: Manifest & { metadata: { namespace: string } },
  all: readonly Manifest[],
) {
  if (kind !== 'Deployment' || spec?.template === undefined) return [];
  const { template, replicas = 1 } = spec;
  const proxy = injectedProxy(
    template,
    all.find((one) => one.kind === 'Namespace' && one.metadata.name === metadata.namespace),
  );
  const containers = [...template.spec.containers, ...(proxy === undefined ? [] : [{ name: proxy }])];
  return Array.from({ length: replicas }, (_, index) => ({
    kind: 'Pod',
    metadata: {
      ...template.metadata,
      name: `${metadata.name}-5f7c9d-${index}`,
      namespace: metadata.namespace,
      ownerReferences: [{ kind: 'ReplicaSet', name: `${metadata.name}-5f7c9d`, controller: true }],
    },
    spec: { ...template.spec, containers },
    status: { phase: 'Running' },
  }));
}

/** By the labels and annotations that Istio's and Linkerd's webhooks go by. */
function injectedProxy({ metadata }: Template, namespace: Manifest | undefined): string | undefined {
  const { labels, annotations } = namespace?.metadata ?? {};
  const isOut = metadata?.labels?.['sidecar.istio.io/inject'] === 'false';
  if (labels?.['istio-injection'] === 'enabled' && !isOut) return 'istio-proxy';
  return annotations?.['linkerd.io/inject'] === 'enabled' ? 'linkerd-proxy' : undefined;
}

/** JSON is YAML. */
const kubeconfigOf = (server: string) =>
  JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'test' },
    clusters: [{ name: 'test', cluster: { server } }],
    users: [{ name: 'test', user: {} }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  });
