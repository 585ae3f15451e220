import {
  isWildcard,
  Memo,
  servicesOf,
  type Route as MeshRoute,
  type Service,
  type VirtualHost as MeshVirtualHost,
} from '@evenly/mesh-config';
import { RouteConfiguration } from '@evenly/proto/envoy/config/route/v3/route';
import { VirtualHost } from '@evenly/proto/envoy/config/route/v3/route_components';
import { hashOf, type Resource } from '../resource.ts';
import { encode, message } from './message.ts';
import { virtualHostName } from './names.ts';
import { clusterOf, xdsRoute, type RouteWords, type Services } from './xds-route.ts';

/** The words that a kind of client reads. */
export interface Words extends RouteWords {
  /** Goes behind the names of the virtual hosts. */
  hash: string;
  /** Of the listener that calls come in by; undefined: there is none. */
  port?: number;
}

/** A virtual host as it is in a route configuration, and the clusters that it leads to. */
interface WrittenHost {
  encoded: Uint8Array;
  /** Of what is encoded. */
  hash: string;
  clusters: readonly string[];
}

/** What was written of virtual hosts, for those who meet them again. */
export class WrittenHosts {
  readonly #known = { grpc: new WrittenFor(), envoy: new WrittenFor() };

  /** @param domains as they are written there */
  of(host: MeshVirtualHost, domains: readonly string[], services: Services, words: Words): WrittenHost {
    return this.#known[words.reader].of(host, domains, services, words);
  }
}

class WrittenFor {
  /** Most often not one service has changed, and then there is no need to look for those of each host. */
  readonly #withAll = new Memo<MeshVirtualHost, WrittenHost>();
  readonly #withIts = new Memo<MeshVirtualHost, WrittenHost>();

  of(host: MeshVirtualHost, domains: readonly string[], services: Services, words: Words): WrittenHost {
    const { hash, timeoutMarginMs, sessions } = words;
    return this.#withAll.get(host, [hash, timeoutMarginMs, sessions, domains, services], () => {
      const its = servicesIn(host.routes, services).values();
      const inputs = [hash, timeoutMarginMs, sessions, ...domains, ...its];
      return this.#withIts.get(host, inputs, () => writtenHost(host, domains, services, words));
    });
  }
}

/** @param known with those that were written before */
export function routeConfiguration(
  name: string,
  hosts: readonly MeshVirtualHost[],
  services: Services,
  words: Words,
  known?: WrittenHosts,
): Resource {
  const { domainsOf, ignorePort } = portWords(hosts, words.port);
  const written = hosts.map((host) => {
    const domains = domainsOf(host.domains);
    return known?.of(host, domains, services, words) ?? writtenHost(host, domains, services, words);
  });
  // Messages of protobuf that follow each other are one, with the lists of all.
  const rest = encode(RouteConfiguration, { name, ignorePortInHostMatching: ignorePort });
  let encoded: Uint8Array | undefined;
  return {
    type: 'route',
    name,
    // Of thousands of hosts one has changed: all others are not read again for it.
    version: hashOf(`${hashOf(rest)} ${written.map(({ hash }) => hash).join(' ')}`),
    // Nor put together for a kind of client that nobody is.
    get encoded() {
      return (encoded ??= Buffer.concat([rest, ...written.map((one) => one.encoded)]));
    },
    refs: [...new Set(written.flatMap(({ clusters }) => clusters))],
  };
}

function writtenHost(
  { domains: [first], routes }: MeshVirtualHost,
  domains: readonly string[],
  services: Services,
  words: Words,
): WrittenHost {
  const host = message(VirtualHost, {
    name: `${virtualHostName(first!)}${words.hash}`,
    domains: [...domains],
    routes: routes.map((route) => xdsRoute(route, services, words)),
  });
  const encoded = encode(RouteConfiguration, { virtualHosts: [host] });
  return { encoded, hash: hashOf(encoded), clusters: clustersOf(routes, services) };
}

/** Those that routes lead to, as far as there are such services. */
export function servicesIn(routes: readonly MeshRoute[], services: Services): Map<string, Service> {
  const found = new Map<string, Service>();
  for (const route of routes)
    for (const { service } of [...servicesOf(route), ...(route.mirrors ?? [])]) {
      const one = services.get(service);
      if (one !== undefined) found.set(service, one);
    }
  return found;
}

function clustersOf(routes: readonly MeshRoute[], services: Services): string[] {
  const destinations = routes
    .flatMap(({ to, mirrors = [] }) => [...to, ...mirrors])
    .filter(({ service }) => service === undefined || services.has(service));
  return [...new Set(destinations.map(clusterOf))];
}

/**
 * xDS has one wildcard in a domain: `*.example.com` or `shop:*`, but not `*.example.com:*`. Where no host is named with a port,
 * ports are not looked at. Else a wildcard is for calls without a port, and for those with the listener's own.
 */
function portWords(hosts: readonly MeshVirtualHost[], port: number | undefined) {
  const plain = { ignorePort: false, domainsOf: (domains: readonly string[]) => domains };
  if (!hosts.some(({ domains }) => domains.some(isWildcard))) return plain;
  const all = hosts.flatMap(({ domains }) => domains);
  const ignorePort = port !== undefined && !all.some((one) => /:\d+$/.test(one));
  const known = new Set(all);
  const written = (domain: string): string[] => {
    if (!domain.endsWith(':*')) return [domain];
    if (ignorePort) return [];
    if (!isWildcard(domain)) return [domain];
    const own = domain.replace(/\*$/, `${port}`);
    return port === undefined || known.has(own) ? [] : [own];
  };
  return { ignorePort, domainsOf: (domains: readonly string[]) => domains.flatMap(written) };
}
