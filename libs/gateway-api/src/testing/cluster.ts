import { parseAllDocuments } from 'yaml';
import {
  readBackendTlsPolicy,
  readConfigMap,
  readGateway,
  readGatewayClass,
  readGrpcRoute,
  readHttpRoute,
  readListenerSet,
  readNamespace,
  readReferenceGrant,
  readService,
  readTlsSecret,
  Translator,
  type ClusterState,
  type DataPlaneFacts,
  type ProxyOptions,
  type StatusByKind,
} from '../index.ts';

export const controllerName = 'evenly.test/gateway';

export const proxy: ProxyOptions = {
  image: 'evenly/l7-proxy',
  args: (prefix) => ['--xds-server=xds-server:18000', `--xds-node-cluster=${prefix}`],
  replicas: 2,
  resources: {},
  serviceType: 'LoadBalancer',
};

const readers: Readonly<
  Record<string, [keyof ClusterState, (object: unknown) => { meta: Named } | undefined]>
> = {
  GatewayClass: ['gatewayClasses', readGatewayClass],
  Gateway: ['gateways', readGateway],
  ListenerSet: ['listenerSets', readListenerSet],
  GRPCRoute: ['grpcRoutes', readGrpcRoute],
  HTTPRoute: ['httpRoutes', readHttpRoute],
  ReferenceGrant: ['referenceGrants', readReferenceGrant],
  Service: ['services', readService],
  Secret: ['secrets', readTlsSecret],
  Namespace: ['namespaces', readNamespace],
  BackendTLSPolicy: ['backendTlsPolicies', readBackendTlsPolicy],
  ConfigMap: ['configMaps', readConfigMap],
};

interface Named {
  namespace: string;
  name: string;
}

/** A small cluster of objects; each change gives maps of their own to the kind that it is of, as a watch does. */
export class TestCluster {
  state: ClusterState = emptyState();
  facts: DataPlaneFacts = { gateways: new Map() };
  readonly translator = new Translator({ controllerName, proxy, mesh: true });

  /** @param yaml documents; the namespace is `default`, the generation 1 where none is said */
  apply(yaml: string): this {
    for (const document of parseAllDocuments(yaml)) this.put(document.toJS() as ObjectFields);
    return this;
  }

  put(object: ObjectFields): this {
    const { kind } = object;
    const [plural, read] = readers[kind]!;
    const isGlobal = kind === 'GatewayClass' || kind === 'Namespace';
    const metadata = {
      generation: 1,
      uid: `uid-${object.metadata.name}`,
      ...(isGlobal ? {} : { namespace: 'default' }),
      ...object.metadata,
    };
    const one = read({ ...object, metadata });
    if (one === undefined) return this;
    const objects = new Map<string, unknown>(this.state[plural]);
    objects.set(`${one.meta.namespace}/${one.meta.name}`, one);
    this.state = { ...this.state, [plural]: objects };
    return this;
  }

  remove(plural: keyof ClusterState, key: string): this {
    const objects = new Map<string, unknown>(this.state[plural]);
    objects.delete(key);
    this.state = { ...this.state, [plural]: objects };
    return this;
  }

  /** Says of every Gateway that it runs, at an address of its own. */
  run(
    addresses: readonly { type: string; value: string }[] = [{ type: 'IPAddress', value: '192.0.2.1' }],
  ): this {
    const gateways = [...this.state.gateways.keys()].map(
      (key) => [key, { available: true, addresses }] as const,
    );
    this.facts = { gateways: new Map(gateways) };
    return this;
  }

  translate() {
    return this.translator.translate(this.state, this.facts);
  }

  statusOf<K extends keyof StatusByKind>(kind: K, name: string, namespace = 'default') {
    const found = this.translate().statuses.find(
      ({ kind: one, object }) => one === kind && object.name === name && object.namespace === namespace,
    );
    if (found === undefined) throw new Error(`${kind} ${namespace}/${name} has no status`);
    return found.status as StatusByKind[K];
  }
}

interface ObjectFields {
  kind: string;
  metadata: { name: string; [field: string]: unknown };
  [field: string]: unknown;
}

function emptyState(): ClusterState {
  return {
    ...{ gatewayClasses: new Map(), gateways: new Map(), listenerSets: new Map(), grpcRoutes: new Map() },
    ...{ httpRoutes: new Map(), referenceGrants: new Map(), services: new Map(), secrets: new Map() },
    ...{ namespaces: new Map(), backendTlsPolicies: new Map(), configMaps: new Map() },
  };
}

/** `Accepted=True/Accepted`, in the order that they have. */
export const conditionsOf = ({
  conditions,
}: {
  conditions: readonly { type: string; status: string; reason: string }[];
}) => conditions.map(({ type, status, reason }) => `${type}=${status}/${reason}`);

export const gatewayClass = `
kind: GatewayClass
metadata: { name: evenly }
spec: { controllerName: ${controllerName} }
`;

/** @param listeners YAML of a list, in one line */
export const gateway = (name: string, listeners: string, more = '') => `
kind: Gateway
metadata: { name: ${name} }
spec:
  gatewayClassName: evenly
  listeners: ${listeners}
  ${more}
`;

export const service = (name: string, namespace = 'default') => `
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec: { ports: [{ name: grpc, port: 8080 }, { name: dns, port: 53, protocol: UDP }] }
`;

/** @param kind of a route @param spec YAML of its fields, in one line */
export const route = (kind: 'GRPCRoute' | 'HTTPRoute', name: string, spec: string, more = '') => `
kind: ${kind}
metadata: { name: ${name}, ${more} }
spec: ${spec}
`;
