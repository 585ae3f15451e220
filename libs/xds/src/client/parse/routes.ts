import { normalAuthority, type Destination, type Route } from '@evenly/mesh-config';
import type { RouteConfiguration } from '@evenly/proto/envoy/config/route/v3/route';
import type {
  Route as XdsRoute,
  RouteAction,
  VirtualHost,
} from '@evenly/proto/envoy/config/route/v3/route_components';
import { checkedName, clientLimits, maxUint32 } from '../limits.ts';
import type { XdsRoutes } from '../model.ts';
import { Refusal, refuseIf, type Warn } from '../refusal.ts';
import { timeoutMs } from './numbers.ts';
import { parseRedirect, parseRewrite } from './redirect.ts';
import { parseFault, parseRetry } from './route-policy.ts';
import { parseMatch } from './route-match.ts';

/** @throws Refusal */
export function parseRoutes(configuration: RouteConfiguration, warn: Warn): XdsRoutes {
  refuseIf(configuration.vhds !== undefined, 'vhds is not supported');
  const routes = configuration.virtualHosts.reduce(
    (sum, host) => sum + host.routes.length * host.domains.length,
    0,
  );
  refuseIf(routes > clientLimits.routes, `has more than ${clientLimits.routes} routes`);
  const seen = new Set<string>();
  const virtualHosts = configuration.virtualHosts.map((host) => {
    const domains = domainsOf(host);
    for (const domain of domains) {
      refuseIf(seen.has(domain), `the domain ${domain} is in two virtual hosts`);
      seen.add(domain);
    }
    return { domains, routes: hostRoutes(host, domains[0] ?? host.name, warn) };
  });
  return { virtualHosts };
}

/** As routers take them: `shop` (without a port, as in Envoy), `shop:9000`, `shop:*` and `*`. */
function domainsOf({ domains }: VirtualHost): string[] {
  const wild = domains.find((domain) => domain !== '*' && domain.replace(/:\*$/, '').includes('*'));
  refuseIf(
    wild !== undefined,
    `the domain ${wild} is not supported: only whole names, whole names with :*, and *`,
  );
  return [...new Set(domains.map(normalDomain))];
}

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
  refuseIf(changesHeaders(route) || changesHeaders(host), 'adding and removing headers is not supported');
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
  if (action.requestMirrorPolicies.length > 0) warn(`route ${name}: request mirroring is unsupported`);
  const timeout = timeoutOf(action, (reason) => warn(`route ${name}: ${reason}`));
  const retryPolicy = action.retryPolicy ?? host.retryPolicy;
  const retry = retryPolicy && parseRetry(retryPolicy, (reason) => warn(`route ${name}: ${reason}`));
  const fault = parseFault({ ...host.typedPerFilterConfig, ...route.typedPerFilterConfig }, (reason) =>
    warn(`route ${name}: ${reason}`),
  );
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
  };
}

function changesHeaders(of: XdsRoute | VirtualHost): boolean {
  const { requestHeadersToAdd, requestHeadersToRemove, responseHeadersToAdd, responseHeadersToRemove } = of;
  const all = [requestHeadersToAdd, requestHeadersToRemove, responseHeadersToAdd, responseHeadersToRemove];
  return all.some(({ length }) => length > 0);
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
  if (clusterSpecifier?.$case === 'cluster') return [{ service: named(clusterSpecifier.value), weight: 1 }];
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
  const to = clusters.map(({ name, weight = 0 }) => ({ service: named(name), weight }));
  const sum = to.reduce((total, { weight }) => total + weight, 0);
  refuseIf(sum === 0, 'has weights that are all 0');
  refuseIf(sum > maxUint32, `has weights whose sum is more than ${maxUint32} (gRFC A28)`);
  return to;
}

function named(cluster: string): string {
  return checkedName('the cluster of a route', cluster);
}
