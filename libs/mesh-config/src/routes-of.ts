import type { Listener, MeshConfig, Service } from './mesh-config.ts';
import type { Route } from './route.ts';
import { virtualHostsOf, type VirtualHost } from './routing/virtual-hosts.ts';

/**
 * All routes that calls are matched against: those of a listener, or without one those of the whole config (which is what
 * gRPC clients get). From a file they are in order; `virtualHostsOf` has them by authority, wherever they come from.
 *
 * A service whose name is no explicit route's authority has an implicit route, after all others: its name leads to it.
 */
export function routesOf(config: MeshConfig, listener?: Listener): readonly Route[] {
  if (listener?.virtualHosts) return [...new Set(listener.virtualHosts.flatMap(({ routes }) => routes))];
  if (listener?.routes) return listener.routes;
  const explicit = new Set(config.routes.map(({ match }) => match.authority));
  const implicit = [...config.services.values()].filter(({ name }) => !explicit.has(name.toLowerCase()));
  return [...config.routes, ...implicit.map(implicitRoute)];
}

/** The same as virtual hosts, which is how calls find their route. */
export function hostsOf(config: MeshConfig, listener?: Listener): readonly VirtualHost[] {
  return listener?.virtualHosts ?? virtualHostsOf(routesOf(config, listener));
}

/** One object for a service, whoever asks: routes are told apart by what they are, not by what they say. */
const implicitRoutes = new WeakMap<Service, Route>();

function implicitRoute(service: Service): Route {
  const known = implicitRoutes.get(service);
  if (known !== undefined) return known;
  const route: Route = {
    match: { authority: service.name.toLowerCase(), path: { kind: 'prefix', value: '' }, headers: [] },
    to: [{ service: service.name, weight: 1 }],
  };
  implicitRoutes.set(service, route);
  return route;
}
