import {
  defaultPolicy,
  Memo,
  NamedMemo,
  routesOf,
  StableList,
  StableMap,
  virtualHostsOf,
  type Listener,
  type MeshConfig,
  type Route,
  type Service,
  type VirtualHost,
} from '@evenly/mesh-config';
import { isGrpc } from '../node.ts';
import type { NodeResource, Resource } from '../resource.ts';
import { byKind } from './by-kind.ts';
import { cluster, type ClusterOptions } from './clusters.ts';
import { configSource } from './config-source.ts';
import { isForOurProxyOnly } from '../client-support/features/index.ts';
import { gatewayOf } from '../gateway-listener.ts';
import { apiListener, socketListener, usedFilters, type UsedFilters } from './listeners.ts';
import { unknownAssignment } from './endpoints.ts';
import { clusterName, defaultListenerName, refusedClusterName, socketRouteName } from './names.ts';
import { servicesIn, WrittenHosts } from './route-configuration.ts';
import { SocketHosts } from './socket-hosts.ts';
import { listenerRoutes, siblingsOf, targetRoutes } from './routes.ts';
import { serverListener } from './server-listeners.ts';
import type { Services } from './xds-route.ts';

/** The name of the cluster in Envoys' bootstraps that leads here; needed by those with separate streams only. */
export const defaultEnvoyXdsCluster = 'xds_cluster';

const defaultClusterDomain = 'cluster.local';

export interface RoutingOptions extends Partial<ClusterOptions> {
  /** What the names of Services in DNS end with. */
  clusterDomain?: string;
}

type Siblings = ReadonlyMap<string, readonly VirtualHost[]>;

/**
 * All that does not depend on endpoints: listeners, routes and clusters of a whole config. Clients can walk these
 * before there are any endpoints.
 *
 * It remembers what it made of each part of a config that is the same object in the next one: of 500 routes, usually one
 * has changed. What it remembers holds on to that part alone, and not to the config that it was in.
 */
export class RoutingResources {
  readonly #options: ClusterOptions;
  readonly #routes = new StableList<Route>();
  readonly #services = new StableMap<string, Service>();
  readonly #hosts = new Memo<readonly Route[], readonly VirtualHost[]>();
  readonly #socketHosts: SocketHosts;
  readonly #siblings = new Memo<readonly VirtualHost[], Siblings>();
  readonly #listeners = new NamedMemo<NodeResource>();
  readonly #ofTargets = new Memo<Siblings, readonly NodeResource[]>();
  readonly #ofTarget = new NamedMemo<NodeResource>();
  readonly #ofListener = new NamedMemo<NodeResource>();
  readonly #writtenHosts = new WrittenHosts();
  readonly #ofService = new Memo<Service, readonly NodeResource[]>();

  constructor({
    envoyXdsCluster = defaultEnvoyXdsCluster,
    loadReports = false,
    clusterDomain = defaultClusterDomain,
  }: RoutingOptions = {}) {
    this.#options = { envoyXdsCluster, loadReports };
    this.#socketHosts = new SocketHosts(clusterDomain);
  }

  of(config: MeshConfig): (Resource | NodeResource)[] {
    const services = this.#services.of(config.services);
    const routes = this.#routes.of(routesOf(config));
    const hosts = this.#hosts.get(routes, [], () => virtualHostsOf(routes));
    const targets = this.#siblings.get(hosts, [], () => siblingsOf(hosts));
    return [
      ...this.#listenersOf(config, routes, targets),
      ...this.#ofTargets.get(targets, [services], () => this.#routesOfTargets(targets, services)),
      ...this.#routesOfListeners(config, routes, services),
      ...[...services.values()].flatMap((service) => this.#resourcesOf(service)),
      ...(refusesCalls(config, routes) ? refusedCluster(this.#options) : []),
    ];
  }

  #listenersOf(config: MeshConfig, routes: readonly Route[], targets: Siblings): NodeResource[] {
    const { envoyXdsCluster } = this.#options;
    const sockets = new Map(config.listeners.map((listener) => [listener.name, listener]));
    const used = usedFilters((test) => routes.some(test));
    const listeners = [...new Set([...targets.keys(), ...sockets.keys()])].map((name) => {
      const listener = sockets.get(name);
      const socket = listener && socketOf(config, listener);
      const inputs = [targets.has(name), used.faults, used.sessions, ...Object.entries(socket ?? {}).flat()];
      const target = targets.has(name) ? used : undefined;
      return this.#listeners.get(name, inputs, () => listenerFor(name, { target, socket }, envoyXdsCluster));
    });
    if (hasDefaultListener(config))
      listeners.push(
        this.#listeners.get(`default ${defaultListenerName}`, [used.faults, used.sessions], () =>
          defaultListener(used, envoyXdsCluster),
        ),
      );
    this.#listeners.forgetOthers();
    return listeners;
  }

  #routesOfTargets(targets: Siblings, services: Services): NodeResource[] {
    const [first] = services; // clients read of it where there are no routes
    const resources = [...targets].map(([target, siblings]) => {
      const routes = siblings.flatMap((host) => host.routes);
      const its = new Map([...(first === undefined ? [] : [first]), ...servicesIn(routes, services)]);
      const inputs = [...siblings.flatMap((host) => [...host.domains, ...host.routes]), ...its.values()];
      return this.#ofTarget.get(target, inputs, () => targetRoutes(target, siblings, its));
    });
    this.#ofTarget.forgetOthers();
    return resources;
  }

  #routesOfListeners(config: MeshConfig, all: readonly Route[], services: Services): NodeResource[] {
    const others = hasDefaultListener(config) ? [{ name: defaultListenerName }] : [];
    const resources = [...config.listeners, ...others].map(
      (listener: Partial<Listener> & { name: string }) => {
        const { name, port, routes = all } = listener;
        const hosts = listener.virtualHosts ?? this.#socketHosts.of(routes);
        return this.#ofListener.get(name, [hosts, services, port], () =>
          listenerRoutes({ name, port }, hosts, services, this.#writtenHosts),
        );
      },
    );
    this.#ofListener.forgetOthers();
    return resources;
  }

  #resourcesOf(service: Service): readonly NodeResource[] {
    return this.#ofService.get(service, [], () => [
      serverListener(service),
      ...[undefined, ...service.subsets.keys()].map((subset) =>
        cluster(clusterName(service.name, subset), service, this.#options),
      ),
    ]);
  }
}

/** The same, of one config alone. */
export const routingResources = (config: MeshConfig, options?: RoutingOptions) =>
  new RoutingResources(options).of(config);

/** A listener with a socket, without its routes: of these, only what they need filters for is in a listener. */
type Socket = Omit<Listener & UsedFilters, 'routes' | 'virtualHosts'>;

const socketOf = (config: MeshConfig, listener: Listener): Socket => ({
  ...withoutRoutes(listener),
  ...usedFilters((test) => someRoute(config, listener, test)),
});

const withoutRoutes = ({ routes: _, virtualHosts: _hosts, ...rest }: Listener) => rest;

/** @param forms as a target of gRPC clients, and with a socket for proxies */
function listenerFor(
  name: string,
  { target, socket }: { target: UsedFilters | undefined; socket: Socket | undefined },
  envoyXdsCluster: string,
): NodeResource {
  return byKind('listener', name, (kind, mark) => {
    const source = configSource(kind, envoyXdsCluster);
    if (isGrpc(kind)) return target && apiListener(name, target, source, kind, { mark });
    if (socket === undefined || isForOurProxyOnly(socket)) return undefined;
    if (socket.certificates?.length === 0) return undefined; // nobody is let in
    return socketListener(socket, socket, source, kind);
  });
}

/** Listeners of Gateways say nothing about other proxies. */
const hasDefaultListener = ({ listeners }: MeshConfig) =>
  listeners.every(({ name }) => gatewayOf(name) !== undefined);

/** For our own proxy, which serves the whole config where its options say, as it does with a config file. */
const defaultListener = (used: UsedFilters, envoyXdsCluster: string): NodeResource =>
  byKind('listener', defaultListenerName, (kind) =>
    kind === 'proxy'
      ? apiListener(defaultListenerName, used, configSource(kind, envoyXdsCluster), kind, {
          route: socketRouteName(defaultListenerName),
        })
      : undefined,
  );

const refusesCalls = (config: MeshConfig, routes: readonly Route[]): boolean =>
  routes.some(isRefusal) || config.listeners.some((listener) => someRoute(config, listener, isRefusal));

const isRefusal = ({ to }: Route) => to.some(({ refuse }) => refuse);

/** Whether a listener has such a route. Virtual hosts are walked as they are: to tell their routes apart would cost more. */
function someRoute(config: MeshConfig, listener: Listener, is: (route: Route) => boolean): boolean {
  if (listener.virtualHosts === undefined) return routesOf(config, listener).some(is);
  return listener.virtualHosts.some(({ routes }) => routes.some(is));
}

/** A cluster that is not there would do too, but for gRPC clients, which wait 15 s for one that nobody mentions. */
const refusedCluster = (options: ClusterOptions): (Resource | NodeResource)[] => [
  cluster(
    refusedClusterName,
    { name: refusedClusterName, policy: defaultPolicy },
    { ...options, loadReports: false },
  ),
  unknownAssignment(refusedClusterName, false),
];
