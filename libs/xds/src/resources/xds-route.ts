import {
  firstService,
  grpcCodes,
  type Destination,
  type Fault,
  type Mirror,
  type Route as MeshRoute,
  type Service,
} from '@evenly/mesh-config';
import {
  Route,
  RouteAction,
  RouteAction_RequestMirrorPolicy,
  WeightedCluster,
  WeightedCluster_ClusterWeight,
} from '@evenly/proto/envoy/config/route/v3/route_components';
import { HTTPFault } from '@evenly/proto/envoy/extensions/filters/http/fault/v3/fault';
import type { Any } from '@evenly/proto/google/protobuf/any';
import { durationOf, fractionOf } from './duration.ts';
import { headerOptions } from './header-options.ts';
import { faultFilterName } from './http-filters.ts';
import { message, packed } from './message.ts';
import { clusterName, refusedClusterName } from './names.ts';
import { redirectAction, rewriteOf } from './redirect.ts';
import { retryPolicy, type RetryReader } from './retry-policy.ts';
import { routeMatch } from './route-match.ts';
import { sessionFilterName, sessionOfRoute, type KnownSessions } from './sessions.ts';

/** By name. */
export type Services = ReadonlyMap<string, Service>;

/** What kinds of clients read in another way. */
export interface RouteWords {
  reader: RetryReader;
  /** More than each timeout is. */
  timeoutMarginMs: number;
  sessions: KnownSessions;
}

export function xdsRoute(route: MeshRoute, services: Services, words: RouteWords): Route {
  const session = sessionOfRoute(route, words.sessions);
  return message(Route, {
    name: route.name ?? '',
    match: routeMatch(route.match),
    action: actionOf(route, services, words),
    ...headerOptions(route),
    typedPerFilterConfig: {
      ...(route.fault === undefined ? {} : { [faultFilterName]: faultOf(route.fault) }),
      ...(session === undefined ? {} : { [sessionFilterName]: session.config }),
    },
    metadata: session?.metadata,
  });
}

function actionOf(route: MeshRoute, services: Services, words: RouteWords): NonNullable<Route['action']> {
  const { redirect, match } = route;
  return redirect === undefined
    ? { $case: 'route', value: routeAction(route, services, words) }
    : { $case: 'redirect', value: redirectAction(redirect, match.path) };
}

function routeAction(
  route: MeshRoute,
  services: Services,
  { reader, timeoutMarginMs, sessions }: RouteWords,
): RouteAction {
  const policy = services.get(firstService(route) ?? '')?.policy;
  const timeoutMs = route.timeoutMs ?? policy?.timeoutMs;
  // A route that hedges does not want the service's retries, be it that hedging cannot be said here.
  const retry = route.retry ?? (route.hedge === undefined ? policy?.retry : undefined);
  const hashHeader = route.hashHeader ?? policy?.hashHeader;
  const timeout = durationOf(timeoutMs ?? 0); // 0 = none; left out, Envoy would cut every call after 15 s
  return message(RouteAction, {
    clusterSpecifier: clusterSpecifier(route, sessions),
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

function clusterSpecifier(
  { to, sessionPersistence }: MeshRoute,
  sessions: KnownSessions,
): NonNullable<RouteAction['clusterSpecifier']> {
  // Who gets no new sessions keeps the ones that it has (GEP-1619).
  const keepsSessions = sessionPersistence !== undefined && sessions === 'all';
  const weighted = to.filter(({ weight, service }) => weight > 0 || (keepsSessions && service !== undefined));
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

export const clusterOf = ({ service, subset }: Pick<Destination, 'service' | 'subset'>): string =>
  service === undefined ? refusedClusterName : clusterName(service, subset);
