import { grpcCodes, type Fault, type MeshConfig, type Route as MeshRoute } from '@evenly/mesh-config';
import { RouteConfiguration } from '@evenly/proto/envoy/config/route/v3/route';
import {
  Route,
  RouteAction,
  VirtualHost,
  WeightedCluster,
  WeightedCluster_ClusterWeight,
} from '@evenly/proto/envoy/config/route/v3/route_components';
import { HTTPFault } from '@evenly/proto/envoy/extensions/filters/http/fault/v3/fault';
import type { Any } from '@evenly/proto/google/protobuf/any';
import { hashOf, resource, type NodeResource, type Resource } from '../resource.ts';
import { durationOf, fractionOf } from './duration.ts';
import { faultFilterName } from './http-filters.ts';
import { encode, message, packed } from './message.ts';
import { clusterName, routeName, socketRouteName, virtualHostName } from './names.ts';
import { retryPolicy, type RetryReader } from './retry-policy.ts';
import { routeMatch } from './route-match.ts';

/**
 * The routes of one authority, for gRPC clients: those of the list that hold for it, in the list's order. A running
 * grpc-js-xds (1.14) passes over routes that only add a fault to what it has, for it looks at the fields of the old ones:
 * so a hash of the content is in a field that it keeps.
 */
export function authorityRoutes(
  authority: string,
  routes: readonly MeshRoute[],
  config: MeshConfig,
): NodeResource {
  const name = routeName(authority);
  const withHash = (hash: string) => {
    const host = virtualHost(authority, [authority], holdingFor(authority, routes), config, 'grpc');
    const virtualHosts = [{ ...host, name: `${host.name}${hash}` }];
    const encoded = encode(RouteConfiguration, { name, virtualHosts });
    return resource('route', name, encoded, clustersOf(routes, config));
  };
  const plain = withHash('');
  let forGrpcJs: Resource | undefined;
  return {
    type: 'route',
    name,
    version: plain.version,
    forNode: ({ kind }) => (kind === 'grpc-js' ? (forGrpcJs ??= withHash(` ${plain.version}`)) : plain),
  };
}

/** The routes of a listener with a socket: a virtual host for each authority, and one for all others. */
export function listenerRoutes(
  listener: string,
  routes: readonly MeshRoute[],
  config: MeshConfig,
): NodeResource {
  const name = socketRouteName(listener);
  const [forEnvoy, forGrpc] = (['envoy', 'grpc'] as const).map((reader) =>
    routesOfListener(name, routes, config, reader),
  );
  return {
    type: 'route',
    name,
    version: hashOf(`${forEnvoy!.version} ${forGrpc!.version}`),
    forNode: ({ kind }) => (kind === 'envoy' || kind === 'envoy-separate' ? forEnvoy : forGrpc),
  };
}

function routesOfListener(
  name: string,
  routes: readonly MeshRoute[],
  config: MeshConfig,
  reader: RetryReader,
): Resource {
  const virtualHosts = authoritiesOf(routes).map((authority) => {
    // Without a port an authority holds for every port.
    const domains = /:\d+$/.test(authority) ? [authority] : [authority, `${authority}:*`];
    return virtualHost(authority, domains, holdingFor(authority, routes), config, reader);
  });
  const anyAuthority = routes.filter(({ match }) => match.authority === undefined);
  if (anyAuthority.length > 0) virtualHosts.push(virtualHost('*', ['*'], anyAuthority, config, reader));
  return resource(
    'route',
    name,
    encode(RouteConfiguration, { name, virtualHosts }),
    clustersOf(routes, config),
  );
}

/** The authorities that routes name, each once, in their order. */
export function authoritiesOf(routes: readonly MeshRoute[]): string[] {
  return [...new Set(routes.flatMap(({ match }) => match.authority ?? []))];
}

const holdingFor = (authority: string, routes: readonly MeshRoute[]) =>
  routes.filter(({ match }) => match.authority === undefined || match.authority === authority);

function clustersOf(routes: readonly MeshRoute[], config: MeshConfig): string[] {
  const destinations = routes.flatMap(({ to }) => to).filter(({ service }) => config.services.has(service));
  return [...new Set(destinations.map(({ service, subset }) => clusterName(service, subset)))];
}

function virtualHost(
  name: string,
  domains: string[],
  routes: readonly MeshRoute[],
  config: MeshConfig,
  reader: RetryReader,
): VirtualHost {
  return message(VirtualHost, {
    name: virtualHostName(name),
    domains,
    routes: routes.map((route) => xdsRoute(route, config, reader)),
  });
}

function xdsRoute(route: MeshRoute, config: MeshConfig, reader: RetryReader): Route {
  return message(Route, {
    name: route.name ?? '',
    match: routeMatch(route.match),
    action: { $case: 'route', value: routeAction(route, config, reader) },
    typedPerFilterConfig: route.fault === undefined ? {} : { [faultFilterName]: faultOf(route.fault) },
  });
}

function routeAction(route: MeshRoute, config: MeshConfig, reader: RetryReader): RouteAction {
  const policy = config.services.get(route.to[0]!.service)?.policy;
  const timeoutMs = route.timeoutMs ?? policy?.timeoutMs;
  // A route that hedges does not want the service's retries, be it that hedging cannot be said here.
  const retry = route.retry ?? (route.hedge === undefined ? policy?.retry : undefined);
  const hashHeader = route.hashHeader ?? policy?.hashHeader;
  const timeout = durationOf(timeoutMs ?? 0); // 0 = none; left out, Envoy would cut every call after 15 s
  return message(RouteAction, {
    clusterSpecifier: clusterSpecifier(route),
    timeout,
    // gRPC clients know no other time-out of a route than this one (gRFC A31).
    maxStreamDuration: timeoutMs === undefined ? undefined : { maxStreamDuration: timeout },
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
  if (weighted.length === 1) return { $case: 'cluster', value: clusterName(only!.service, only!.subset) };
  const clusters = weighted.map(({ service, subset, weight }) =>
    message(WeightedCluster_ClusterWeight, { name: clusterName(service, subset), weight }),
  );
  // Envoy takes the sum by itself; grpc-js-xds up to 1.14.0 takes 100, whatever the weights add up to.
  const totalWeight = weighted.reduce((sum, { weight }) => sum + weight, 0);
  return { $case: 'weightedClusters', value: message(WeightedCluster, { clusters, totalWeight }) };
}

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
