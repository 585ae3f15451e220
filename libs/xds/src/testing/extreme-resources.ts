import fc from 'fast-check';
import { CircuitBreakers_Thresholds } from '@evenly/proto/envoy/config/cluster/v3/circuit_breaker';
import { Cluster } from '@evenly/proto/envoy/config/cluster/v3/cluster';
import { OutlierDetection } from '@evenly/proto/envoy/config/cluster/v3/outlier_detection';
import { SocketAddress, type Address } from '@evenly/proto/envoy/config/core/v3/address';
import { ClusterLoadAssignment } from '@evenly/proto/envoy/config/endpoint/v3/endpoint';
import {
  Endpoint,
  LbEndpoint,
  LocalityLbEndpoints,
} from '@evenly/proto/envoy/config/endpoint/v3/endpoint_components';
import { RouteConfiguration } from '@evenly/proto/envoy/config/route/v3/route';
import {
  RetryPolicy,
  Route,
  RouteAction,
  RouteMatch,
  VirtualHost,
  WeightedCluster,
  WeightedCluster_ClusterWeight,
} from '@evenly/proto/envoy/config/route/v3/route_components';
import { StatefulSessionPerRoute } from '@evenly/proto/envoy/extensions/filters/http/stateful_session/v3/stateful_session';
import { CookieBasedSessionState } from '@evenly/proto/envoy/extensions/http/stateful_session/cookie/v3/cookie';
import { HeaderBasedSessionState } from '@evenly/proto/envoy/extensions/http/stateful_session/header/v3/header';
import { HTTPFault } from '@evenly/proto/envoy/extensions/filters/http/fault/v3/fault';
import type { RoutingPriority } from '@evenly/proto/envoy/config/core/v3/base';
import type { FractionalPercent_DenominatorType } from '@evenly/proto/envoy/type/v3/percent';
import type { Any } from '@evenly/proto/google/protobuf/any';
import { codecs, typeUrlOf, type ResourceType } from '../resource-type.ts';
import { configSource } from '../resources/config-source.ts';
import { faultFilterName } from '../resources/http-filters.ts';
import { sessionFilterName, sessionTypes } from '../resources/sessions.ts';
import { apiListener, socketListener } from '../resources/listeners.ts';
import { message, packed } from '../resources/message.ts';
import { proxyMetadataKey } from '../resources/names.ts';
import { meshListener } from './mesh.ts';

/** Resources that are well-formed and allowed by protobuf, and as far from usual as they come. Addresses are loopback's. */

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const often = <T>(usual: T, ...extremes: T[]) =>
  fc.oneof({ weight: 15, arbitrary: fc.constant(usual) }, fc.constantFrom(...extremes));

const uint32 = often<number>(3, 0, 1, 5, 100, 101, 1_000_000, 1_000_001, 0x7fff_ffff, 0xffff_ffff);
const percentage = often<number>(50, 0, 100, 101, 0xffff_ffff);
const double = often<number>(10, 0, -0, -1, 0.01, 101, 1e308, NaN, Infinity, -Infinity, 5e-324);
const duration = often(
  { seconds: 1n, nanos: 0 },
  { seconds: 0n, nanos: 0 },
  { seconds: 0n, nanos: 1 },
  { seconds: -1n, nanos: -1 },
  { seconds: 86_400n, nanos: 1 },
  { seconds: 315_576_000_000n, nanos: 999_999_999 },
  { seconds: 9_223_372_036_854_775_807n, nanos: 0 },
  { seconds: -9_223_372_036_854_775_808n, nanos: 0 },
  { seconds: 0n, nanos: -2_147_483_648 },
);
/** Known values of an enum, and unknown ones. */
const anyEnum = <E>(usual: number, ...others: number[]) =>
  often(usual, ...others) as fc.Arbitrary<unknown> as fc.Arbitrary<E>;

const fraction = fc.record({
  numerator: uint32,
  denominator: anyEnum<FractionalPercent_DenominatorType>(0, 1, 2, 3, 99),
});
const name = often('a', 'b', '', 'outbound|80||x.y', 'x'.repeat(1025), '__proto__', '\0', 'é');
const enumValue = often<number>(0, 1, 2, 3, 7, 99, -1);

export const extremeCluster = fc
  .record({
    type: often<number>(3, 0, 99),
    service: often('', 'a', 'b', 'x'.repeat(1025)),
    lbPolicy: enumValue,
    ownWords: maybe(
      fc.record({
        loadBalancing: often<unknown>('peak-ewma', 'ring-hash', 'nonsense', 7, null),
        slowStart: maybe(
          fc.oneof(
            fc.record({ windowMs: double, aggression: double, minWeightPercent: double }),
            fc.constant('x'),
          ),
        ),
      }),
    ),
    panic: maybe(double),
    thresholds: maybe(
      fc.array(
        fc.record({
          priority: anyEnum<RoutingPriority>(0, 1, 99),
          maxRequests: maybe(uint32),
          maxPendingRequests: maybe(uint32),
          maxConnections: maybe(uint32),
          maxRetries: maybe(uint32),
        }),
        { maxLength: 3 },
      ),
    ),
    outliers: maybe(
      fc.record({
        interval: maybe(duration),
        baseEjectionTime: maybe(duration),
        maxEjectionTime: maybe(duration),
        consecutive5xx: maybe(uint32),
        enforcingConsecutive5xx: maybe(percentage),
        maxEjectionPercent: maybe(percentage),
        enforcingSuccessRate: maybe(percentage),
        successRateStdevFactor: maybe(uint32),
        successRateMinimumHosts: maybe(uint32),
        successRateRequestVolume: maybe(uint32),
        enforcingFailurePercentage: maybe(percentage),
        failurePercentageThreshold: maybe(percentage),
        failurePercentageMinimumHosts: maybe(uint32),
        failurePercentageRequestVolume: maybe(uint32),
      }),
    ),
    slowStart: maybe(fc.record({ window: maybe(duration), aggression: maybe(double), least: maybe(double) })),
  })
  .map(({ type, service, lbPolicy, ownWords, panic, thresholds, outliers, slowStart }) => (own: string) => {
    const cluster = message(Cluster, {
      name: own,
      clusterDiscoveryType: { $case: 'type', value: type as never },
      edsClusterConfig: { edsConfig: undefined, serviceName: service },
      lbPolicy: lbPolicy as never,
    });
    if (ownWords !== undefined)
      cluster.metadata = { filterMetadata: { [proxyMetadataKey]: ownWords }, typedFilterMetadata: {} };
    if (panic !== undefined)
      cluster.commonLbConfig = { healthyPanicThreshold: { value: panic } } as typeof cluster.commonLbConfig;
    if (thresholds !== undefined)
      cluster.circuitBreakers = {
        thresholds: thresholds.map((one) => message(CircuitBreakers_Thresholds, one)),
        perHostThresholds: [],
      };
    if (outliers !== undefined) cluster.outlierDetection = message(OutlierDetection, outliers);
    if (slowStart !== undefined)
      cluster.lbConfig = {
        $case: 'roundRobinLbConfig',
        value: {
          slowStartConfig: {
            slowStartWindow: slowStart.window,
            aggression:
              slowStart.aggression === undefined
                ? undefined
                : { defaultValue: slowStart.aggression, runtimeKey: '' },
            minWeightPercent: slowStart.least === undefined ? undefined : { value: slowStart.least },
          },
        },
      };
    return anyOf('cluster', cluster);
  });

const address = fc.oneof(
  { weight: 8, arbitrary: fc.record({ ip: often('127.0.0.1', '127.9.9.9', '::1'), port: often(1, 2, 9) }) },
  fc.record({
    ip: often('localhost', '', '127.0.0.1', '127.1', '/pipe'),
    port: often<number>(1, 0, 65_536, 0xffff_ffff),
  }),
);

const socketAddress = ({ ip, port }: { ip: string; port: number }): Address => ({
  address: {
    $case: 'socketAddress',
    value: message(SocketAddress, { address: ip, portSpecifier: { $case: 'portValue', value: port } }),
  },
});

export const extremeEndpoints = fc
  .array(
    fc.record({
      zone: often('', 'a', 'x'.repeat(300)),
      priority: often<number>(0, 1, 2, 127, 128, 0xffff_ffff),
      weight: maybe(uint32),
      endpoints: fc.array(
        fc.record({ address, weight: maybe(uint32), health: enumValue, pipe: often<boolean>(false, true) }),
        { maxLength: 4 },
      ),
    }),
    { maxLength: 4 },
  )
  .map(
    (localities) => (own: string) =>
      anyOf(
        'endpoints',
        message(ClusterLoadAssignment, {
          clusterName: own,
          endpoints: localities.map(({ zone, priority, weight, endpoints }) =>
            message(LocalityLbEndpoints, {
              locality: { region: '', zone, subZone: '' },
              priority,
              loadBalancingWeight: weight,
              lbEndpoints: endpoints.map((one) =>
                message(LbEndpoint, {
                  healthStatus: one.health as never,
                  loadBalancingWeight: one.weight,
                  hostIdentifier: {
                    $case: 'endpoint',
                    value: message(Endpoint, {
                      address: one.pipe
                        ? { address: { $case: 'pipe', value: { path: '/x', mode: 0 } } }
                        : socketAddress(one.address),
                    }),
                  },
                }),
              ),
            }),
          ),
        }),
      ),
  );

const action = fc
  .record({
    clusters: fc.array(fc.record({ name, weight: maybe(uint32) }), { maxLength: 4 }),
    single: maybe(name),
    timeout: maybe(duration),
    maxStream: maybe(duration),
    retry: maybe(
      fc.record({
        retryOn: often('unavailable', '', '5xx', ','),
        numRetries: maybe(uint32),
        perTryTimeout: maybe(duration),
        backOff: maybe(fc.record({ baseInterval: maybe(duration), maxInterval: maybe(duration) })),
      }),
    ),
    hash: maybe(often('x-user', '', ':path', 'x-bin')),
  })
  .map(({ clusters, single, timeout, maxStream, retry, hash }) =>
    message(RouteAction, {
      clusterSpecifier:
        single === undefined
          ? {
              $case: 'weightedClusters',
              value: message(WeightedCluster, {
                clusters: clusters.map((one) => message(WeightedCluster_ClusterWeight, one)),
              }),
            }
          : { $case: 'cluster', value: single },
      timeout,
      ...(maxStream === undefined
        ? {}
        : {
            maxStreamDuration: {
              maxStreamDuration: maxStream,
              grpcTimeoutHeaderMax: undefined,
              grpcTimeoutHeaderOffset: undefined,
            },
          }),
      retryPolicy:
        retry &&
        message(RetryPolicy, {
          retryOn: retry.retryOn,
          numRetries: retry.numRetries,
          perTryTimeout: retry.perTryTimeout,
          retryBackOff: retry.backOff,
        }),
      hashPolicy:
        hash === undefined
          ? []
          : [
              {
                policySpecifier: { $case: 'header', value: { headerName: hash, regexRewrite: undefined } },
                terminal: false,
              },
            ],
    }),
  );

const fault = fc.record({ delay: maybe(duration), share: fraction, status: uint32 }).map((one) => ({
  [faultFilterName]: packed('envoy.extensions.filters.http.fault.v3.HTTPFault', HTTPFault, {
    delay: one.delay && {
      faultDelaySecifier: { $case: 'fixedDelay', value: one.delay },
      percentage: one.share,
    },
    abort: { errorType: { $case: 'grpcStatus', value: one.status }, percentage: one.share },
  }),
}));

const session = fc
  .record({
    name: often('s', '', 'a b', 'x'.repeat(200)),
    path: often('/', '', 'x', '/a;b', '/' + 'x'.repeat(5000)),
    ttl: maybe(duration),
    kind: often(sessionTypes.cookie, sessionTypes.header, 'x.Y'),
    cookie: fc.boolean(),
    own: fc.option(double, { nil: undefined }),
  })
  .map(({ kind, cookie: has, own, ...cookie }) => {
    const value =
      kind === sessionTypes.cookie
        ? packed(kind, CookieBasedSessionState, has ? { cookie } : {})
        : packed(kind, HeaderBasedSessionState, { name: cookie.name });
    const statefulSession = { sessionState: { name: '', typedConfig: value }, strict: has };
    const config = packed(sessionTypes.ofRoute, StatefulSessionPerRoute, {
      override: { $case: 'statefulSession', value: statefulSession },
    });
    const filterMetadata = own === undefined ? {} : { [proxyMetadataKey]: { sessionTimeoutMs: own } };
    return { config: { [sessionFilterName]: config }, metadata: { filterMetadata, typedFilterMetadata: {} } };
  });

const path = often<NonNullable<RouteMatch['pathSpecifier']>>(
  { $case: 'prefix', value: '' },
  { $case: 'prefix', value: 'no slash' },
  { $case: 'path', value: '' },
  { $case: 'safeRegex', value: { regex: '(', engineType: undefined } },
  { $case: 'safeRegex', value: { regex: '(a{0,1000}){0,1000}', engineType: undefined } },
  { $case: 'safeRegex', value: { regex: '.*', engineType: undefined } },
);

export const extremeRoutes = fc
  .array(
    fc.record({
      domains: fc.array(often('*', 'a', 'A', '', '*.x', 'a:80', 'x'.repeat(2000)), {
        minLength: 1,
        maxLength: 2,
      }),
      routes: fc.array(
        fc.record({
          name: often('', 'r', 'x'.repeat(5000)),
          action: often<undefined | 'some'>('some', undefined).chain((is) =>
            is ? action : fc.constant(undefined),
          ),
          path,
          fault: maybe(fault),
          session: maybe(session),
        }),
        { maxLength: 3 },
      ),
    }),
    { minLength: 1, maxLength: 1 },
  )
  .map(
    (hosts) => (own: string) =>
      anyOf(
        'route',
        message(RouteConfiguration, {
          name: own,
          virtualHosts: hosts.map(({ domains, routes }, index) =>
            message(VirtualHost, {
              name: `${index}`,
              domains,
              routes: routes.map((one) =>
                message(Route, {
                  name: one.name,
                  match: message(RouteMatch, { pathSpecifier: one.path }),
                  action: one.action && { $case: 'route', value: one.action },
                  typedPerFilterConfig: { ...one.fault, ...one.session?.config },
                  metadata: one.session?.metadata,
                }),
              ),
            }),
          ),
        }),
      ),
  );

const noFilters = { faults: false, sessions: false };

export const extremeListener = fc
  .record({ at: maybe(address), routes: name })
  .map(({ at, routes }) => (own: string) => {
    const source = configSource('proxy', '');
    const { encoded } =
      at === undefined
        ? apiListener(own, noFilters, source, 'proxy', routes === undefined ? {} : { route: routes })
        : socketListener(
            meshListener({ name: own, address: at.ip, port: at.port }),
            noFilters,
            source,
            'proxy',
          );
    return { typeUrl: typeUrlOf('listener'), value: Buffer.from(encoded) };
  });

/** What a server has: of each type one for every name that may be asked for. */
export const extremeWorld = fc.record({
  listener: fc.array(extremeListener, { minLength: 1, maxLength: 2 }),
  route: fc.array(extremeRoutes, { minLength: 1, maxLength: 2 }),
  cluster: fc.array(extremeCluster, { minLength: 1, maxLength: 2 }),
  endpoints: fc.array(extremeEndpoints, { minLength: 1, maxLength: 2 }),
}) satisfies fc.Arbitrary<Record<ResourceType, ((name: string) => Any)[]>>;

function anyOf<T extends ResourceType>(type: T, content: object): Any {
  const codec = codecs[type] as unknown as { encode(message: object): { finish(): Uint8Array } };
  return { typeUrl: typeUrlOf(type), value: Buffer.from(codec.encode(content).finish()) };
}
