import { DiscoveryError } from '@evenly/endpoints';
import { ApiRefusal, type ApiObject, type KindName, type KubernetesApi } from '@evenly/kubernetes';
import { parseAllDocuments } from 'yaml';
import { diagnose, type DiagnosedService } from '../findings/index.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { takeInventory } from '../inventory/take-inventory.ts';

/** What `kubectl get` of everything would show, as manifests; @param forbidden plurals that may not be read */
export function apiOf(yaml: string, forbidden: readonly string[] = []): Pick<KubernetesApi, 'list' | 'get'> {
  const objects = parseAllDocuments(yaml).flatMap((document) => {
    const object = document.toJS() as (ApiObject & { kind: string }) | null;
    if (object === null) return [];
    const isOfCluster = object.kind === 'Namespace';
    const metadata = { ...(isOfCluster ? {} : { namespace: 'shop' }), ...object.metadata };
    return { ...object, metadata };
  });
  const check = ({ plural }: KindName) => {
    if (forbidden.includes(plural)) throw new DiscoveryError('FORBIDDEN', `no ${plural}`);
  };
  return {
    list: async (kind, { namespace }) => {
      check(kind);
      const wanted = objects.filter(
        (one) => one.kind === kind.kind && (namespace ?? one.metadata.namespace) === one.metadata.namespace,
      );
      return wanted.map((object) => kind.read(object));
    },
    get: async (kind, { name, namespace }) => {
      check(kind);
      const found = objects.find(
        (one) => one.kind === kind.kind && one.metadata.name === name && one.metadata.namespace === namespace,
      );
      if (found === undefined) throw new ApiRefusal(404, 'not found');
      return found;
    },
  };
}

export const inventoryOf = (yaml: string, forbidden: readonly string[] = []): Promise<Inventory> =>
  takeInventory(apiOf(yaml, forbidden), []);

/** What is said of the Service `cart`, or another one. */
export async function diagnosed(yaml: string, forbidden?: readonly string[], name = 'cart') {
  const { services } = diagnose(await inventoryOf(yaml, forbidden));
  return services.find(({ service }) => service.name === name)!;
}

export const idsOf = ({ findings }: DiagnosedService) => findings.map(({ id }) => id);

interface Given {
  /** Fields of the Service, in one line. */
  service?: string;
  ports?: string;
  /** Fields of the server's container, in one line each. */
  container?: string;
  pod?: string;
  workload?: string;
  /** Names of the manifests that are left out. */
  without?: 'budget' | 'workload';
}

const probe = 'readinessProbe: { grpc: { port: 50051 } }';
const preStop = 'lifecycle: { preStop: { sleep: { seconds: 5 } } }';

/** The Service `cart` in the namespace `shop`, with three pods: nothing is wrong with it but what is given. */
export const server = ({
  service = 'clusterIP: 10.96.0.7',
  ports = '{ name: grpc, port: 50051, targetPort: grpc, appProtocol: grpc }',
  container = `${probe}, ${preStop}`,
  pod = 'terminationGracePeriodSeconds: 45',
  workload = 'replicas: 3',
  without,
}: Given = {}) => `
kind: Service
metadata: { name: cart }
spec: { selector: { app: cart }, ports: [${ports}], ${service} }
${
  without === 'workload'
    ? ''
    : `---
kind: Deployment
metadata: { name: cart }
spec:
  ${workload}
  selector: { matchLabels: { app: cart } }
  template:
    metadata: { labels: { app: cart } }
    spec:
      ${pod}
      containers: [{ name: server, image: cart, ports: [{ name: grpc, containerPort: 50051 }], ${container} }]`
}
${
  without === 'budget'
    ? ''
    : `---
kind: PodDisruptionBudget
metadata: { name: cart }
spec: { maxUnavailable: 1, selector: { matchLabels: { app: cart } } }`
}
`;

export { preStop, probe };

/** A Deployment `web` that has something in its environment or arguments. */
export const client = (fields: string, { template = '', name = 'web' } = {}) => `
---
kind: Deployment
metadata: { name: ${name} }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} }, ${template} }
    spec: { containers: [{ name: main, image: web, ${fields} }] }
`;

export const calling = (target: string) => client(`env: [{ name: CART, value: '${target}' }]`);
