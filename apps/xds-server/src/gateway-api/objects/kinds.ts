import {
  gatewayGroup,
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
  type ClusterState,
  type Meta,
} from '@evenly/gateway-api';
import type { KindName, ResourceKind, Scope } from '@evenly/kubernetes';
import { kept, keptGeneration } from './kept.ts';

export type StateKey = keyof ClusterState;
export type ObjectOf<K extends StateKey> = ClusterState[K] extends ReadonlyMap<string, infer T> ? T : never;

/** An object as it was read, and its status as it stands there. */
export interface Watched<T> {
  /** Undefined: not even its name could be read. */
  value: T | undefined;
  status: unknown;
}

export interface WatchedKind<T> {
  resource: ResourceKind<Watched<T>>;
  scope: Scope;
  /** A cluster may be without it: its definition came with a later version of the API. */
  optional: boolean;
}

type Kinds = { readonly [K in StateKey]: WatchedKind<ObjectOf<K>> };

function watched<T extends { meta: Meta }>(
  name: KindName,
  read: (object: unknown) => T | undefined,
  { scope = {}, optional = false }: { scope?: Scope; optional?: boolean } = {},
): WatchedKind<T> {
  const keep = name.group === gatewayGroup ? keptGeneration : kept;
  const resource: ResourceKind<Watched<T>> = {
    ...name,
    read: (object, before) => ({ value: keep(before?.value, object, read), status: object.status }),
  };
  return { resource, scope, optional };
}

const ofGateways = (plural: string, kind: string, version = 'v1'): KindName => ({
  group: gatewayGroup,
  version,
  plural,
  kind,
});
const ofCore = (plural: string, kind: string): KindName => ({ group: '', version: 'v1', plural, kind });

/** All that routes and Gateways are made of, one watch each for the whole cluster. */
export const kinds: Kinds = {
  gatewayClasses: watched(ofGateways('gatewayclasses', 'GatewayClass'), readGatewayClass),
  gateways: watched(ofGateways('gateways', 'Gateway'), readGateway),
  listenerSets: watched(ofGateways('listenersets', 'ListenerSet'), readListenerSet, { optional: true }),
  grpcRoutes: watched(ofGateways('grpcroutes', 'GRPCRoute'), readGrpcRoute),
  httpRoutes: watched(ofGateways('httproutes', 'HTTPRoute'), readHttpRoute),
  // v1 is the same, and not in every cluster yet.
  referenceGrants: watched(ofGateways('referencegrants', 'ReferenceGrant', 'v1beta1'), readReferenceGrant),
  backendTlsPolicies: watched(ofGateways('backendtlspolicies', 'BackendTLSPolicy'), readBackendTlsPolicy, {
    optional: true,
  }),
  services: watched(ofCore('services', 'Service'), readService),
  // Of them only `ca.crt` is kept.
  configMaps: watched(ofCore('configmaps', 'ConfigMap'), readConfigMap),
  secrets: watched(ofCore('secrets', 'Secret'), readTlsSecret, {
    scope: { fieldSelector: 'type=kubernetes.io/tls' },
  }),
  namespaces: watched(ofCore('namespaces', 'Namespace'), readNamespace),
};
