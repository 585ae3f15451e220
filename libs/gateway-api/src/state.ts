import type { BackendTlsPolicy } from './objects/backend-tls-policy.ts';
import type { ConfigMap } from './objects/config-map.ts';
import type { GatewayClass } from './objects/gateway-class.ts';
import type { Gateway } from './objects/gateway.ts';
import type { GrpcRoute } from './objects/grpc-route.ts';
import type { HttpRoute } from './objects/http-route.ts';
import type { ListenerSet } from './objects/listener-set.ts';
import type { KubernetesNamespace } from './objects/namespace.ts';
import type { ReferenceGrant } from './objects/reference-grant.ts';
import type { TlsSecret } from './objects/secret.ts';
import type { KubernetesService } from './objects/service.ts';

type Objects<T> = ReadonlyMap<string, T>;

/**
 * The objects of a cluster by `ns/name` (`/name` for those of the whole cluster), as the readers of this library have
 * read them. An object that has not changed is the same one as last time, a map in which nothing has changed too: results
 * are remembered by that.
 */
export interface ClusterState {
  gatewayClasses: Objects<GatewayClass>;
  gateways: Objects<Gateway>;
  listenerSets: Objects<ListenerSet>;
  grpcRoutes: Objects<GrpcRoute>;
  httpRoutes: Objects<HttpRoute>;
  referenceGrants: Objects<ReferenceGrant>;
  services: Objects<KubernetesService>;
  backendTlsPolicies: Objects<BackendTlsPolicy>;
  /** Those at least that policies refer to. */
  configMaps: Objects<ConfigMap>;
  /** Those of type `kubernetes.io/tls` at least. */
  secrets: Objects<TlsSecret>;
  namespaces: Objects<KubernetesNamespace>;
}

/** What the data planes say. */
export interface DataPlaneFacts {
  /** By the `ns/name` of Gateways. */
  gateways: ReadonlyMap<string, GatewayFacts>;
}

export interface GatewayFacts {
  /** At least one of its proxies is there to take calls. */
  available: boolean;
  /** Where clients reach it, of its Service. */
  addresses: readonly { type: string; value: string }[];
}
