import {
  firstService,
  grpcCodes,
  normalAuthority,
  type Destination,
  isWildcard,
  type Fault,
  type Mirror,
  type MeshConfig,
  type Route as MeshRoute,
  type VirtualHost as MeshVirtualHost,
} from '@evenly/mesh-config';
import { RouteConfiguration } from '@evenly/proto/envoy/config/route/v3/route';
import {
  Route,
  RouteAction,
  RouteAction_RequestMirrorPolicy,
  VirtualHost,
  WeightedCluster,
  WeightedCluster_ClusterWeight,
} from '@evenly/proto/envoy/config/route/v3/route_components';
import { HTTPFault } from '@evenly/proto/envoy/extensions/filters/http/fault/v3/fault';
import type { Any } from '@evenly/proto/google/protobuf/any';
import { hashOf, resource, type NodeResource, type Resource } from '../resource.ts';
import { durationOf, fractionOf } from './duration.ts';
import { headerOptions } from './header-options.ts';
import { faultFilterName } from './http-filters.ts';
import { encode, message, packed } from './message.ts';
import { clusterName, refusedClusterName, routeName, socketRouteName, virtualHostName } from './names.ts';
import { grpcRoute } from './grpc-conditions.ts';
import { retryPolicy, type RetryReader } from './retry-policy.ts';
import { redirectAction, rewriteOf } from './redirect.ts';
import { routeMatch } from './route-match.ts';

/**
 * The routes that gRPC clients get for a target, each in the words that they read rightly.
 *
 * They hold domains against the channel's authority: the target, in any case, or another one that the application gave
 * (`WithAuthority`), which may be the name in a certificate. Where that is of the target's host it counts; all else goes
 * as the target.
 *
 * A running grpc-js-xds (1.14) passes over routes that only add a fault to what it has, for it looks at the fields of the
 * old ones: so a hash of the content is in a field that it keeps.
 * @param target the first domain of one of `siblings`; `*` stands for what no route names
 * @param siblings the virtual hosts of its host, with a port or without
 */
export function targetRoutes(
  target: string,
  siblings: readonly MeshVirtualHost[],
  config: MeshConfig,
): NodeResource {
  const name = routeName(target);
  const hosts = siblings
    .map(forGrpcClients)
    .map((host) =>
      host.domains[0] === target ? { ...host, domains: [...new Set([...host.domains, '*'])] } : host,
    );
  const written = (words: Words, its = hosts) => routeConfiguration(name, its, config, words);
  const plain = written(forGrpc);
  const forGrpcJava = hosts.every(({ routes }) => routes.length > 0)
    ? plain
    : written(
        forGrpc,
        hosts.map((host) => withCluster(host, config)),
      );
  let forGrpcJs: Resource | undefined;
  let forGrpcCore: Resource | undefined;
  return {
    type: 'route',
    name,
    version: hashOf(`${plain.version} ${forGrpcJava.version}`),
    forNode: ({ kind }) => {
      if (kind === 'grpc-js') return (forGrpcJs ??= written({ ...forGrpc, hash: ` ${plain.version}` }));
      if (kind === 'grpc-core')
        return (forGrpcCore ??= written({ ...forGrpc, timeoutMarginMs: coreMarginMs }));
      return kind === 'grpc-java' ? forGrpcJava : plain;
    },
  };
}

/** The words that a kind of client reads. */
interface Words {
  reader: RetryReader;
  /** Goes behind the names of the virtual hosts. */
  hash: string;
  /** More than each timeout is. */
  timeoutMarginMs: number;
  /** Of the listener that calls come in by; undefined: there is none. */
  port?: number;
}

const forGrpc: Words = { reader: 'grpc', hash: '', timeoutMarginMs: 0 };
const forEnvoys: Words = { reader: 'envoy', hash: '', timeoutMarginMs: 0 };

/**
 * C-core (1.85; grpc#34547) takes 1 to 2 s off a route's timeout, how much depends on the moment when its process began: so
 * much that short ones would end all calls at once. So calls have up to a second more.
 */
const coreMarginMs = 2000;

/**
 * Calls that no route takes are UNAVAILABLE (gRFC A28). grpc-java (1.85) makes them INTERNAL where a virtual host leads to no
 * cluster at all: so it gets a route to one, with a path that no call has.
 */
function withCluster(host: MeshVirtualHost, { services }: MeshConfig): MeshVirtualHost {
  const [service] = services.keys();
  if (host.routes.length > 0 || service === undefined) return host;
  const noCall = { path: { kind: 'exact', value: '' }, headers: [] } as const;
  return { ...host, routes: [{ match: noCall, to: [{ service, weight: 1 }] }] };
}

/**
 * By the first domain of each, the virtual hosts of its host. A host that routes name with ports only is a target with
 * any other port too, for what routes for any authority take.
 */
export function siblingsOf(hosts: readonly MeshVirtualHost[]): ReadonlyMap<string, MeshVirtualHost[]> {
  const byHost = new Map<string, MeshVirtualHost[]>();
  for (const one of hosts) {
    const { host } = normalAuthority(one.domains[0]!);
    const group = byHost.get(host) ?? [];
    group.push(one);
    byHost.set(host, group);
  }
  const anyRoutes = byHost.get('*')?.[0]?.routes ?? [];
  const siblings = new Map<string, MeshVirtualHost[]>();
  for (const [host, group] of byHost) {
    // Of a Service of the cluster the port 0 stands for the name without one, and other ports are none of its.
    const isNamed = group.some(({ domains }) => domains[0] === host || domains[0] === `${host}:0`);
    if (!isNamed) group.push({ domains: [host, `${host}:*`], routes: anyRoutes });
    for (const { domains } of group) siblings.set(domains[0]!, group);
  }
  return siblings;
}

/** The routes of a listener with a socket: a virtual host for each authority, and one for all others. */
export function listenerRoutes(
  { name: listener, port }: { name: string; port?: number },
  hosts: readonly MeshVirtualHost[],
  config: MeshConfig,
): NodeResource {
  const name = socketRouteName(listener);
  const at = port === undefined ? {} : { port };
  const forEnvoy = routeConfiguration(name, hosts, config, { ...forEnvoys, ...at });
  const forOthers = routeConfiguration(name, hosts, config, { ...forGrpc, ...at });
  return {
    type: 'route',
    name,
    version: hashOf(`${forEnvoy.version} ${forOthers.version}`),
    forNode: ({ kind }) => (kind === 'envoy' || kind === 'envoy-separate' ? forEnvoy : forOthers),
  };
}

function forGrpcClients({ domains, routes }: MeshVirtualHost): MeshVirtualHost {
  return { domains, routes: routes.flatMap((route) => grpcRoute(route) ?? []) };
}

function routeConfiguration(
  name: string,
  hosts: readonly MeshVirtualHost[],
  config: MeshConfig,
  words: Words,
): Resource {
  const { domainsOf, ignorePort } = portWords(hosts, words.port);
  const virtualHosts = hosts.map(({ domains, routes }) =>
    message(VirtualHost, {
      name: `${virtualHostName(domains[0]!)}${words.hash}`,
      domains: domainsOf(domains),
      routes: routes.map((route) => xdsRoute(route, config, words)),
    }),
  );
  const encoded = encode(RouteConfiguration, { name, virtualHosts, ignorePortInHostMatching: ignorePort });
  return resource('route', name, encoded, clustersOf(hosts, config));
}

/**
 * xDS has one wildcard in a domain: `*.example.com` or `shop:*`, but not `*.example.com:*`. Where no host is named with a port,
 * ports are not looked at. Else a wildcard is for calls without a port, and for those with the listener's own.
 */
function portWords(hosts: readonly MeshVirtualHost[], port: number | undefined) {
  const all = hosts.flatMap(({ domains }) => domains);
  const plain = { ignorePort: false, domainsOf: (domains: readonly string[]) => [...domains] };
  if (!all.some((one) => isWildcard(one))) return plain;
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

function clustersOf(hosts: readonly MeshVirtualHost[], config: MeshConfig): string[] {
  const routes = new Set(hosts.flatMap((host) => host.routes));
  const destinations = [...routes]
    .flatMap(({ to, mirrors = [] }) => [...to, ...mirrors])
    .filter(({ service }) => service === undefined || config.services.has(service));
  return [...new Set(destinations.map(clusterOf))];
}

const clusterOf = ({ service, subset }: Pick<Destination, 'service' | 'subset'>): string =>
  service === undefined ? refusedClusterName : clusterName(service, subset);

function xdsRoute(route: MeshRoute, config: MeshConfig, words: Words): Route {
  return message(Route, {
    name: route.name ?? '',
    match: routeMatch(route.match),
    action: actionOf(route, config, words),
    ...headerOptions(route),
    typedPerFilterConfig: route.fault === undefined ? {} : { [faultFilterName]: faultOf(route.fault) },
  });
}

function actionOf(route: MeshRoute, config: MeshConfig, words: Words): NonNullable<Route['action']> {
  const { redirect, match } = route;
  return redirect === undefined
    ? { $case: 'route', value: routeAction(route, config, words) }
    : { $case: 'redirect', value: redirectAction(redirect, match.path) };
}

function routeAction(route: MeshRoute, config: MeshConfig, { reader, timeoutMarginMs }: Words): RouteAction {
  const policy = config.services.get(firstService(route) ?? '')?.policy;
  const timeoutMs = route.timeoutMs ?? policy?.timeoutMs;
  // A route that hedges does not want the service's retries, be it that hedging cannot be said here.
  const retry = route.retry ?? (route.hedge === undefined ? policy?.retry : undefined);
  const hashHeader = route.hashHeader ?? policy?.hashHeader;
  const timeout = durationOf(timeoutMs ?? 0); // 0 = none; left out, Envoy would cut every call after 15 s
  return message(RouteAction, {
    clusterSpecifier: clusterSpecifier(route),
    timeout,
    // gRPC clients know no other time-out of a route than this one (gRFC A31).
    maxStreamDuration:
      timeoutMs === undefined ? undefined : { maxStreamDuration: durationOf(timeoutMs + timeoutMarginMs) },
    ...rewriteOf(route),
    requestMirrorPolicies: (route.mirrors ?? []).map(mirrorPolicy),
    retryPolicy: retry === undefined ? undefined : retryPolicy(retry, reader),
    hashPolicy:
      hashHeader === undefined
        ? []
        : [{ policySpecifier: { $case: 'header', value: { headerName: hashHeader } }, terminal: false }],
  });
}

function clusterSpecifier({ to }: MeshRoute): NonNullable<RouteAction['clusterSpecifier']> {
  const weighted = to.filter(({ weight }) => weight > 0);
  const [only] = weighted;
  const hasChanges = weighted.some((one) => one.requestHeaders ?? one.responseHeaders);
  if (weighted.length === 1 && !hasChanges) return { $case: 'cluster', value: clusterOf(only!) };
  const clusters = weighted.map((one) =>
    message(WeightedCluster_ClusterWeight, {
      name: clusterOf(one),
      weight: one.weight,
      ...headerOptions(one),
    }),
  );
  // Envoy takes the sum by itself; grpc-js-xds up to 1.14.0 takes 100, whatever the weights add up to.
  const totalWeight = weighted.reduce((sum, { weight }) => sum + weight, 0);
  return { $case: 'weightedClusters', value: message(WeightedCluster, { clusters, totalWeight }) };
}

const mirrorPolicy = (mirror: Mirror) =>
  message(RouteAction_RequestMirrorPolicy, {
    cluster: clusterOf(mirror),
    runtimeFraction: { defaultValue: fractionOf(mirror.percent), runtimeKey: '' },
    disableShadowHostSuffixAppend: true, // or an Envoy would call the mirror as `shop-shadow`
  });

function faultOf({ delay, abort }: Fault): Any {
  return packed('envoy.extensions.filters.http.fault.v3.HTTPFault', HTTPFault, {
    delay:
      delay === undefined
        ? undefined
        : {
            faultDelaySecifier: { $case: 'fixedDelay', value: durationOf(delay.durationMs) },
            percentage: fractionOf(delay.percent),
          },
    abort:
      abort === undefined
        ? undefined
        : {
            errorType: { $case: 'grpcStatus', value: grpcCodes.indexOf(abort.code) },
            percentage: fractionOf(abort.percent),
          },
  });
}
