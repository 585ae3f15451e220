import {
  defaultPolicy,
  listenerDefaults,
  Memo,
  type Listener,
  type MeshConfig,
  type Route,
  type Service,
} from '@evenly/mesh-config';
import type { XdsCluster, XdsListener, XdsRoutes } from './model.ts';

/** What resources come to, together. */
export interface Resolved {
  listeners: ReadonlyMap<string, XdsListener>;
  /** The routes of a listener; none while the server has none. */
  routesOf: (listener: XdsListener) => XdsRoutes | undefined;
  /** Undefined: a route leads to it, and the server has none of that name. */
  clusters: ReadonlyMap<string, XdsCluster | undefined>;
}

/** What listeners without an address become together. */
export type DefaultListener = Omit<Listener, 'routes' | 'virtualHosts'>;

/** What xDS does not say here of a listener. */
const plain = listenerDefaults;

/**
 * Resources as a mesh config. Each cluster is a service under the cluster's name. Its endpoints come by EDS, so the source
 * that a config names is empty here.
 */
export function meshConfigOf(
  { listeners, routesOf, clusters }: Resolved,
  fallback: DefaultListener,
): MeshConfig {
  const sockets: Listener[] = [];
  const others: XdsListener[] = [];
  for (const [name, listener] of listeners) {
    const { at, certificates, http1, grpcWeb, paths } = listener;
    if (at === undefined) others.push(listener);
    else
      sockets.push({
        ...{ ...plain, ...paths, name, ...at, http1, grpcWeb, ...routedBy(routesOf(listener)) },
        ...(certificates === undefined ? {} : { certificates }),
      });
  }
  if (others.length > 0) {
    sockets.push({ ...fallback, ...routedBy(...others.map(routesOf)) });
  }
  const services = [...clusters].map(([name, cluster]) =>
    cluster === undefined ? serviceOf(name) : known.get(cluster, [name], () => serviceOf(name, cluster)),
  );
  return { services: new Map(services.map((one) => [one.name, one])), routes: [], listeners: sockets };
}

/** Of several route configurations together: those of one domain come one after the other. */
function routedBy(...all: readonly (XdsRoutes | undefined)[]): Pick<Listener, 'virtualHosts'> {
  const hosts = all.flatMap((routes) => routes?.virtualHosts ?? []);
  if (all.length === 1) return { virtualHosts: hosts };
  const byDomain = new Map<string, Route[]>();
  for (const { domains, routes } of hosts) {
    for (const domain of domains) byDomain.set(domain, [...(byDomain.get(domain) ?? []), ...routes]);
  }
  return { virtualHosts: [...byDomain].map(([domain, routes]) => ({ domains: [domain], routes })) };
}

/** The same service for the same cluster: whoever compares them need not look inside. */
const known = new Memo<XdsCluster, Service>();

function serviceOf(name: string, cluster?: XdsCluster): Service {
  return {
    name,
    source: { kind: 'static', endpoints: [] },
    locality: { region: '', zone: '' },
    subsets: new Map(),
    policy: cluster?.policy ?? defaultPolicy,
    ...(cluster?.protocol === undefined ? {} : { protocol: cluster.protocol }),
    ...(cluster?.tls === undefined ? {} : { tls: cluster.tls }),
  };
}
