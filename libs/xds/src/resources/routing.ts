import {
  defaultPolicy,
  hostsOf,
  routesOf,
  type Listener,
  type MeshConfig,
  type VirtualHost,
} from '@evenly/mesh-config';
import { isConsumerName } from '../listener-alias.ts';
import { isGrpc } from '../node.ts';
import type { NodeResource, Resource } from '../resource.ts';
import { byKind } from './by-kind.ts';
import { cluster, type ClusterOptions } from './clusters.ts';
import { configSource } from './config-source.ts';
import { isForOurProxyOnly } from '../client-support/features.ts';
import { gatewayOf } from '../gateway-listener.ts';
import { apiListener, socketListener } from './listeners.ts';
import { unknownAssignment } from './endpoints.ts';
import { clusterName, defaultListenerName, refusedClusterName, socketRouteName } from './names.ts';
import { listenerRoutes, siblingsOf, targetRoutes } from './routes.ts';
import { serverListener } from './server-listeners.ts';

/** The name of the cluster in Envoys' bootstraps that leads here; needed by those with separate streams only. */
export const defaultEnvoyXdsCluster = 'xds_cluster';

/**
 * All that does not depend on endpoints: listeners, routes and clusters of a whole config. Clients can walk these
 * before there are any endpoints.
 */
export function routingResources(
  config: MeshConfig,
  { envoyXdsCluster = defaultEnvoyXdsCluster, loadReports = false }: Partial<ClusterOptions> = {},
): (Resource | NodeResource)[] {
  const routes = routesOf(config);
  const hosts = hostsOf(config);
  const targets = siblingsOf(hosts);
  const sockets = new Map(config.listeners.map((listener) => [listener.name, listener]));
  const names = new Set([...targets.keys(), ...sockets.keys()]);

  const listeners = [...names].map((name) =>
    byKind('listener', name, (kind, mark) => {
      const source = configSource(kind, envoyXdsCluster);
      if (isGrpc(kind)) return targets.has(name) ? apiListener(name, routes, source, { mark }) : undefined;
      const listener = sockets.get(name);
      if (listener === undefined || isForOurProxyOnly(listener)) return undefined;
      if (listener.certificates?.length === 0) return undefined; // nobody is let in
      return socketListener(listener, routesOf(config, listener), source, kind);
    }),
  );
  return [
    ...listeners,
    // Listeners of Gateways say nothing about other proxies.
    ...(config.listeners.some(({ name }) => gatewayOf(name) === undefined)
      ? []
      : defaultListener(config, envoyXdsCluster)),
    ...[...targets].map(([target, siblings]) => targetRoutes(target, siblings, config)),
    ...config.listeners.map((listener) => listenerRoutes(listener, socketHosts(config, listener), config)),
    ...[...config.services.values()].map(serverListener),
    ...clusters(config, { envoyXdsCluster, loadReports }),
    ...(refusesCalls(config) ? refusedCluster({ envoyXdsCluster, loadReports: false }) : []),
  ];
}

const refusesCalls = (config: MeshConfig): boolean =>
  [undefined, ...config.listeners].some((listener) =>
    routesOf(config, listener).some(({ to }) => to.some(({ refuse }) => refuse)),
  );

/** A cluster that is not there would do too, but for gRPC clients, which wait 15 s for one that nobody mentions. */
const refusedCluster = (options: ClusterOptions): (Resource | NodeResource)[] => [
  cluster(refusedClusterName, { name: refusedClusterName, policy: defaultPolicy }, options),
  unknownAssignment(refusedClusterName, false),
];

/** For our own proxy, which serves the whole config where its options say, as it does with a config file. */
function defaultListener(config: MeshConfig, envoyXdsCluster: string): (Resource | NodeResource)[] {
  const routes = routesOf(config);
  const name = defaultListenerName;
  const listener = byKind('listener', name, (kind) =>
    kind === 'proxy'
      ? apiListener(name, routes, configSource(kind, envoyXdsCluster), { route: socketRouteName(name) })
      : undefined,
  );
  return [listener, listenerRoutes({ name }, socketHosts(config), config)];
}

/** Who calls by a socket does not say in which namespace it is. */
const socketHosts = (config: MeshConfig, listener?: Listener): readonly VirtualHost[] =>
  listener?.virtualHosts ??
  hostsOf(config, listener).filter(({ domains }) => domains.every((domain) => !isConsumerName(domain)));

function clusters(config: MeshConfig, options: ClusterOptions): NodeResource[] {
  return [...config.services.values()].flatMap((service) =>
    [undefined, ...service.subsets.keys()].map((subset) =>
      cluster(clusterName(service.name, subset), service, options),
    ),
  );
}
