import {
  normalAuthority,
  ranges,
  type Destination,
  type Mirror,
  type Route,
  type VirtualHost as MeshVirtualHost,
} from '@evenly/mesh-config';
import type { RouteConfiguration } from '@evenly/proto/envoy/config/route/v3/route';
import {
  VirtualHost,
  type Route as XdsRoute,
  type RouteAction,
} from '@evenly/proto/envoy/config/route/v3/route_components';
import { checkedName, clientLimits, maxUint32 } from '../limits.ts';
import type { XdsRoutes } from '../model.ts';
import { Refusal, refuseIf, type Warn } from '../refusal.ts';
import { timeoutMs } from './numbers.ts';
import { refusedClusterName } from '../../resources/names.ts';
import type { EncodedRoutes } from './encoded-routes.ts';
import { parseHeaderOptions } from './header-options.ts';
import { parseRedirect, parseRewrite } from './redirect.ts';
import { parseFault, parseRetry, percentOf } from './route-policy.ts';
import { parseMatch } from './route-match.ts';
import { parseSessions } from './sessions.ts';

/** @throws Refusal */
export function parseRoutes(configuration: RouteConfiguration, warn: Warn): XdsRoutes {
  const { virtualHosts, ignorePortInHostMatching: anyPort } = configuration;
  refuseIf(configuration.vhds !== undefined, 'vhds is not supported');
  return { virtualHosts: together(virtualHosts, (host) => readHost(host, anyPort, warn)) };
}

/**
 * The same of encoded routes. What is encoded as before is not read again, and is the same object: of a listener's 500
 * virtual hosts, usually one has changed.
 * @throws Refusal; and what is no such message
 */
export function readRoutes({ rest, hosts }: EncodedRoutes, warn: Warn, before?: XdsRoutes): XdsRoutes {
  refuseIf(rest.vhds !== undefined, 'vhds is not supported');
  const anyPort = rest.ignorePortInHostMatching;
  const readFrom = new Map<string, MeshVirtualHost>();
  const virtualHosts = together(hosts, (encoded) => {
    const key = `${anyPort} ${Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length).toString('latin1')}`;
    const read = before?.readFrom?.get(key) ?? readHost(VirtualHost.decode(encoded), anyPort, warn);
    readFrom.set(key, read);
    return read;
  });
  return { virtualHosts, readFrom };
}

function readHost(host: VirtualHost, anyPort: boolean, warn: Warn): MeshVirtualHost {
  refuseIfTooMany(host.routes.length, host.domains.length * host.routes.length);
  const domains = domainsOf(host, anyPort);
  return { domains, routes: hostRoutes(host, domains[0] ?? host.name, warn) };
}

/** What is asked of virtual hosts together. */
function together<H>(hosts: readonly H[], read: (host: H) => MeshVirtualHost): MeshVirtualHost[] {
  const seen = new Set<string>();
  let routes = 0;
  let ofDomains = 0;
  return hosts.map((one) => {
    const host = read(one);
    routes += host.routes.length;
    ofDomains += host.routes.length * host.domains.length;
    refuseIfTooMany(routes, ofDomains);
    for (const domain of host.domains) {
      refuseIf(seen.has(domain), `the domain ${domain} is in two virtual hosts`);
      seen.add(domain);
    }
    return host;
  });
}

function refuseIfTooMany(routes: number, ofDomains: number): void {
  const limits = clientLimits;
  refuseIf(routes > limits.routes, `has more than ${limits.routes} routes`);
  const most = limits.routesOfDomains;
  refuseIf(
    ofDomains > most,
    `has more than ${most} routes, each counted for each domain of its virtual host`,
  );
}

/**
 * As routers take them: `shop` (without a port, as in Envoy), `shop:9000`, `shop:*`, `*.example.com` and `*`.
 * @param anyPort ports of calls are not looked at: a domain without one is for all of them
 */
function domainsOf({ domains }: VirtualHost, anyPort: boolean): string[] {
  const wild = domains.find(
    (domain) => domain !== '*' && domain.replace(/^\*\.(?=.)|:\*$/, '').includes('*'),
  );
  refuseIf(
    wild !== undefined,
    `the domain ${wild} is not supported: only whole names, *. and a name, whole names with :*, and *`,
  );
  const normal = domains.map(normalDomain);
  const all = anyPort ? normal.flatMap((one) => (isBare(one) ? [one, `${one}:*`] : one)) : normal;
  return [...new Set(all)];
}

const isBare = (domain: string) => domain !== '*' && !/:(\d+|\*)$/.test(domain);

function normalDomain(domain: string): string {
  if (domain === '*') return domain;
  return domain.endsWith(':*')
    ? `${normalAuthority(domain.slice(0, -2)).host}:*`
    : normalAuthority(domain).authority;
}

/** @param domain the first of the host: what routes are named after that have no name, and shown with */
function hostRoutes(host: VirtualHost, domain: string, warn: Warn): Route[] {
  const authority = domain.replace(/:\*$/, '');
  return host.routes.map((route, index) => {
    const place = host.routes.length === 1 ? authority : `${authority}#${index + 1}`;
    const name = route.name === '' ? place : route.name;
    try {
      return parseRoute(route, name, authority, host, warn);
    } catch (error) {
      throw error instanceof Refusal ? new Refusal(`route ${name}: ${error.message}`) : error;
    }
  });
}

function parseRoute(route: XdsRoute, name: string, authority: string, host: VirtualHost, warn: Warn): Route {
  // They would come after those of the route, which comes last here.
  refuseIf(
    Object.keys(parseHeaderOptions(host)).length > 0,
    'header changes of a virtual host are not supported',
  );
  const match = { ...(authority === '*' ? {} : { authority }), ...parseMatch(route.match) };
  if (route.action?.$case === 'redirect')
    return { name, match, to: [], redirect: parseRedirect(route.action.value, match.path) };
  if (route.action?.$case !== 'route') {
    throw new Refusal(
      `its action is ${route.action?.$case ?? 'missing'}; only routes to clusters and redirects are supported`,
    );
  }
  const action = route.action.value;
  const rewrite = parseRewrite(action, match.path);
  const mirrors = mirrorsOf(action);
  const timeout = timeoutOf(action, (reason) => warn(`route ${name}: ${reason}`));
  const retryPolicy = action.retryPolicy ?? host.retryPolicy;
  const retry = retryPolicy && parseRetry(retryPolicy, (reason) => warn(`route ${name}: ${reason}`));
  const filters = { ...host.typedPerFilterConfig, ...route.typedPerFilterConfig };
  const fault = parseFault(filters, (reason) => warn(`route ${name}: ${reason}`));
  const sessions = parseSessions(filters, route.metadata, (reason) => warn(`route ${name}: ${reason}`));
  const hashHeader = hashHeaderOf(action, (reason) => warn(`route ${name}: ${reason}`));
  return {
    name,
    match,
    to: destinationsOf(action),
    ...(rewrite === undefined ? {} : { rewrite }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    ...(retry === undefined ? {} : { retry }),
    ...(fault === undefined ? {} : { fault }),
    ...(hashHeader === undefined ? {} : { hashHeader }),
    ...(sessions === undefined ? {} : { sessionPersistence: sessions }),
    ...(mirrors.length === 0 ? {} : { mirrors }),
    ...parseHeaderOptions(route),
  };
}

function mirrorsOf({ requestMirrorPolicies }: RouteAction): Mirror[] {
  const { mirrors } = clientLimits;
  refuseIf(requestMirrorPolicies.length > mirrors, `has more than ${mirrors} mirrors`);
  return requestMirrorPolicies.map(({ cluster, clusterHeader, runtimeFraction }) => {
    refuseIf(clusterHeader !== '', 'a mirror by cluster_header is not supported');
    const fraction = runtimeFraction?.defaultValue;
    const percent = fraction === undefined ? ranges.percent.max : percentOf(fraction);
    return { service: named(cluster), percent };
  });
}

/** Zero is none; absent, too: the 15 s that Envoy takes then would cut streams that nobody asked to be cut. */
function timeoutOf({ maxStreamDuration, timeout }: RouteAction, warn: Warn): number | undefined {
  const limits = [
    timeoutMs('max_stream_duration', maxStreamDuration?.maxStreamDuration, warn),
    timeoutMs('timeout', timeout, warn),
  ].filter((ms) => ms !== undefined);
  return limits.length === 0 ? undefined : Math.min(...limits);
}

function hashHeaderOf({ hashPolicy }: RouteAction, warn: Warn): string | undefined {
  for (const { policySpecifier } of hashPolicy) {
    if (policySpecifier?.$case === 'header') return policySpecifier.value.headerName.toLowerCase();
    warn(`hash policy ${policySpecifier?.$case ?? ''} is unsupported; only headers are hashed`);
  }
  return undefined;
}

function destinationsOf({ clusterSpecifier }: RouteAction): Destination[] {
  if (clusterSpecifier?.$case === 'cluster') return [destinationOf(clusterSpecifier.value, 1)];
  if (clusterSpecifier?.$case !== 'weightedClusters') {
    throw new Refusal(
      `leads to ${clusterSpecifier?.$case ?? 'nothing'}; only cluster and weighted_clusters are supported`,
    );
  }
  const { clusters } = clusterSpecifier.value;
  refuseIf(
    clusters.length > clientLimits.destinations,
    `has more than ${clientLimits.destinations} clusters`,
  );
  const to = clusters.map((one) => destinationOf(one.name, one.weight ?? 0, parseHeaderOptions(one)));
  const sum = to.reduce((total, { weight }) => total + weight, 0);
  refuseIf(sum === 0, 'has weights that are all 0');
  refuseIf(sum > maxUint32, `has weights whose sum is more than ${maxUint32} (gRFC A28)`);
  return to;
}

/** The cluster without endpoints is the word of our own server for a share that is refused. */
function destinationOf(
  cluster: string,
  weight: number,
  changes: ReturnType<typeof parseHeaderOptions> = {},
): Destination {
  if (cluster === refusedClusterName) return { refuse: true, weight };
  return { service: named(cluster), weight, ...changes };
}

function named(cluster: string): string {
  return checkedName('the cluster of a route', cluster);
}
