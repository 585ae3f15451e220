import type { Listener, MeshConfig, Policy, Route, Source } from '@evenly/mesh-config';
import { unknownToGrpc } from '../resources/grpc-conditions.ts';
import { namesFiles } from '../resources/endpoint-tls.ts';
import { policyDifferences } from '../resources/load-balancing.ts';
import {
  all,
  approximated,
  impossible,
  ofEveryConfig,
  ofPolicy,
  ofRoutes,
  ofServers,
  ofTls,
  serviceOf,
  type Feature,
  type Use,
} from './difference.ts';

const grpc = ['grpc-js', 'grpc-go', 'grpc-core', 'grpc-java'] as const;
const foreign = [...grpc, 'envoy'] as const;
const everybody = [...foreign, 'proxy'] as const;

const sentOnce = impossible('calls are sent once: only our own proxy with a config file hedges');
const whatItCounts = approximated('what the client counts by itself: xDS has no field for it');
const noSessions = impossible('each call goes to any endpoint');
const noSlowStart = impossible('new endpoints get their full share at once');

/** What clients do in another way than the docs say: the one place for it. */
export const features: readonly Feature[] = [
  ...policyDifferences.map(({ loadBalancing, clients }): Feature => {
    const field = `policy.loadBalancing: ${loadBalancing}`;
    return {
      title: `\`${field}\``,
      usedBy: ofPolicy(field, (policy) => policy.loadBalancing === loadBalancing),
      clients,
    };
  }),
  {
    title: '`policy.slowStart` with `round-robin`',
    usedBy: ofPolicy(
      'policy.slowStart',
      ({ slowStart, loadBalancing }) => slowStart !== undefined && loadBalancing === 'round-robin',
    ),
    clients: all(grpc, noSlowStart),
  },
  {
    title: '`policy.slowStart` with another `loadBalancing`',
    usedBy: ofPolicy(
      'policy.slowStart',
      ({ slowStart, loadBalancing }) => slowStart !== undefined && loadBalancing !== 'round-robin',
    ),
    clients: all(foreign, noSlowStart),
  },
  {
    title: '`policy.outlierDetection.consecutiveFailures`',
    usedBy: ofPolicy(
      'policy.outlierDetection.consecutiveFailures',
      ({ outlierDetection }) => (outlierDetection?.consecutiveFailures ?? 0) > 0,
    ),
    clients: all(grpc, impossible('only success rate and failure percentage are looked at (gRFC A50)')),
  },
  {
    title: '`policy.outlierDetection.failureCodes`',
    usedBy: ofPolicy(
      'policy.outlierDetection.failureCodes',
      ({ outlierDetection }) => outlierDetection?.failureCodes !== undefined,
    ),
    clients: all(foreign, whatItCounts),
  },
  {
    title: '`policy.outlierDetection.successRate` and `failurePercentage`',
    usedBy: ofPolicy('policy.outlierDetection', ejectsByShare),
    clients: all(
      grpc,
      approximated(
        'every status but OK counts as a failure, and so do calls that the caller itself cancels (gRFC A50)',
      ),
    ),
  },
  {
    title: '`policy.panicThresholdPercent`, where endpoints that are ejected can come to it',
    usedBy: ofPolicy('policy.panicThresholdPercent', canPanic),
    clients: all(
      grpc,
      impossible('the ejected stay out: only maxEjectionPercent keeps the others in (gRFC A50)'),
    ),
  },
  {
    title: '`policy.circuitBreaker`',
    usedBy: ofPolicy('policy.circuitBreaker', ({ circuitBreaker }) => circuitBreaker !== undefined),
    clients: {
      ...all(grpc, approximated('only maxRequests is heeded (gRFC A32)')),
      'grpc-js': approximated(
        'only maxRequests is heeded (gRFC A32), and calls that are begun in one go pass it',
      ),
    },
  },
  {
    title: 'any number of retries under way, where there is no `policy.circuitBreaker`',
    usedBy: ofEveryConfig,
    clients: { proxy: approximated('20 % of the calls under way, at least 3') },
  },
  {
    title: '`retry.perTryTimeout`',
    usedBy: (config) => [
      ...ofPolicy('policy.retry.perTryTimeout', ({ retry }) => retry?.perTryTimeoutMs !== undefined)(config),
      ...ofRoutes('retry.perTryTimeout', ({ retry }) => retry?.perTryTimeoutMs !== undefined)(config),
    ],
    clients: all(grpc, impossible("only the whole call's timeout (gRFC A44)")),
  },
  {
    title: '`retry` at an endpoint that has had none of the call',
    usedBy: ofEveryConfig, // it is so of every retry, and no config helps
    clients: all(grpc, approximated('at the next endpoint in turn, which may have had it already')),
  },
  {
    title: 'calls that an endpoint refuses unprocessed (REFUSED_STREAM), tried again by themselves',
    usedBy: ofEveryConfig,
    clients: {
      ...all(['grpc-js', 'grpc-go', 'grpc-java'], approximated('once (gRFC A6)')),
      ...all(['grpc-core', 'envoy'], impossible('they end with UNAVAILABLE, unless `retry` has it')),
    },
  },
  {
    title: 'UNAVAILABLE for a call whose connection its endpoint closes',
    usedBy: ofEveryConfig,
    clients: {
      'grpc-js': approximated(
        'before 1.12 it ends with CANCELLED, unless the connection is reset (grpc-node#2340)',
      ),
    },
  },
  {
    title: 'no calls for endpoints that refuse connections',
    usedBy: ofEveryConfig,
    clients: { envoy: impossible('they end with UNAVAILABLE, unless `retry` has it') },
  },
  {
    title: 'shares of calls, where some endpoints cannot be reached',
    usedBy: ofEveryConfig,
    clients: all(
      grpc,
      approximated('those of the same zone and weight get the calls of such an endpoint, not all others'),
    ),
  },
  {
    title: 'endpoints of one zone and weight with different priorities',
    usedBy: ofEveryConfig,
    clients: { 'grpc-java': impossible('those of the last priority alone are known to it') },
  },
  {
    title: 'no `retry` where the server forbids it (`grpc-retry-pushback-ms`)',
    usedBy: ofEveryConfig,
    clients: { envoy: impossible('it is tried again') },
  },
  {
    title: '`retry.perTryTimeout` that ends the last attempt',
    usedBy: ofEveryConfig,
    clients: { envoy: approximated('the call ends with UNAVAILABLE') },
  },
  {
    title: '`timeout` of a call whose response has begun',
    usedBy: ofEveryConfig,
    clients: { envoy: approximated('the call is reset, which gRPC clients take for INTERNAL') },
  },
  {
    title: '`timeout`',
    usedBy: (config) => [
      ...ofPolicy('policy.timeout', isAtMostASecond)(config),
      ...ofRoutes('timeout', isAtMostASecond)(config),
    ],
    clients: {
      'grpc-core': approximated(
        'up to a second longer: this client takes 1 to 2 s off, for which it is sent 2 s more',
      ),
    },
  },
  {
    title: '`fault.delay` of a route with a `timeout`',
    usedBy: delaysWithTimeout,
    clients: all(['grpc-go', 'grpc-java'], approximated('the timeout begins after the delay')),
  },
  {
    title: '`policy.scheme: match-upstream`',
    usedBy: ofPolicy('policy.scheme', ({ scheme }) => scheme === 'match-upstream'),
    clients: all(foreign, impossible('the :scheme that the client chooses')),
  },
  {
    title: '`protocol: http1` of a service',
    usedBy: ({ services }) =>
      [...services.values()]
        .filter(({ protocol }) => protocol !== undefined)
        .map(({ name: service }) => ({ service, field: 'protocol' })),
    clients: all(grpc, impossible('calls fail: gRPC needs HTTP/2')),
  },
  {
    title: '`match.query`',
    usedBy: ofRoutes('match.query', ({ match: { query = [] } }) => query.length > 0),
    clients: {
      ...all(grpc, impossible('the route is not sent: a gRPC path has no query')),
      envoy: approximated('values are compared as they are on the wire, with their percent-encoding'),
    },
  },
  {
    title: '`redirect`',
    usedBy: ofRoutes('redirect', ({ redirect }) => redirect !== undefined),
    clients: all(grpc, approximated('calls end with UNAVAILABLE (gRFC A28)')),
  },
  {
    title: '`redirect.scheme` without `port` and `hostname`',
    usedBy: ofRoutes(
      'redirect.scheme',
      ({ redirect: { scheme, port, hostname } = {} }) =>
        scheme !== undefined && port === undefined && hostname === undefined,
    ),
    clients: { envoy: approximated("a port of the authority that is not the scheme's own stays") },
  },
  {
    title: '`redirect.port: 80` and `443`',
    usedBy: ofRoutes('redirect.port', ({ redirect }) => redirect?.port === 80 || redirect?.port === 443),
    clients: { envoy: approximated("the location has the port, be it the scheme's own") },
  },
  {
    title: '`rewrite`',
    usedBy: ofRoutes('rewrite', ({ rewrite }) => rewrite !== undefined),
    clients: all(grpc, impossible('endpoints get the path and the authority that the client has')),
  },
  {
    title: '`policy.hedge`',
    usedBy: ofPolicy('policy.hedge', ({ hedge }) => hedge !== undefined),
    clients: all(everybody, sentOnce),
  },
  {
    title: '`hedge` of a route',
    usedBy: ofRoutes('hedge', ({ hedge }) => hedge !== undefined),
    clients: all(everybody, sentOnce),
  },
  {
    title: '`requestHeaders` and `responseHeaders`',
    usedBy: ofRoutes('header changes', (route) =>
      [route, ...route.to].some((one) => one.requestHeaders ?? one.responseHeaders),
    ),
    clients: all(grpc, impossible('headers stay as they are')),
  },
  {
    title: '`sessionPersistence` with a cookie',
    usedBy: ofRoutes(
      'sessionPersistence.cookie',
      ({ sessionPersistence }) => sessionPersistence?.kind === 'cookie',
    ),
    clients: {
      ...all(['grpc-js', 'grpc-go', 'grpc-java'], noSessions),
      ...all(
        ['grpc-core', 'envoy'],
        approximated(
          'the cookie has neither Secure nor SameSite, and is not the one that our own proxy gives',
        ),
      ),
    },
  },
  {
    title: '`sessionPersistence` with a header',
    usedBy: ofRoutes(
      'sessionPersistence.header',
      ({ sessionPersistence }) => sessionPersistence?.kind === 'header',
    ),
    clients: {
      ...all(grpc, noSessions),
      envoy: approximated('the value is not the one that our own proxy gives'),
    },
  },
  {
    title: '`sessionPersistence` of a route that leads to several services',
    usedBy: ofRoutes(
      'sessionPersistence',
      ({ sessionPersistence, to }) => sessionPersistence !== undefined && to.length > 1,
    ),
    clients: {
      'grpc-core': approximated('a service whose weight is 0 loses its sessions'),
      envoy: impossible('each call goes to a service by the weights, and the session moves with it'),
    },
  },
  {
    title: '`sessionPersistence.absoluteTimeout` without a permanent cookie',
    usedBy: ofRoutes('sessionPersistence.absoluteTimeout', ({ sessionPersistence: its }) => {
      const isPermanent = its?.kind === 'cookie' && its.permanent;
      return its?.absoluteTimeoutMs !== undefined && !isPermanent;
    }),
    clients: all(['grpc-core', 'envoy'], impossible('sessions have no end of their own')),
  },
  {
    title: '`mirrors`',
    usedBy: ofRoutes('mirrors', ({ mirrors }) => mirrors !== undefined),
    clients: all(grpc, impossible('no copies are made')),
  },
  {
    title: '`refuse` of a destination, for requests that are not gRPC',
    usedBy: ofRoutes('refuse', ({ to }) => to.some(({ refuse }) => refuse)),
    clients: { envoy: approximated('503, not 500') },
  },
  {
    title: '`user-agent` and the like in `match.headers`, which the transport adds',
    usedBy: ({ routes }) => routes.flatMap(unknownConditions),
    clients: all(
      grpc,
      impossible('the route is not sent: these clients choose before they know that header (gRFC A28)'),
    ),
  },
  {
    title: '`regex` in `match`, and `segments`, which are sent as one',
    usedBy: ofRoutes('a regex in match', ({ match: { path, headers } }) =>
      [path, ...headers].some(({ kind }) => kind === 'regex' || kind === 'segments'),
    ),
    clients: {
      'grpc-js': approximated(
        'its process ends after some 2,700 of them, each update of routes counted: re2-wasm gives back no memory',
      ),
    },
  },
  {
    title: 'values in `match.headers`, where a call has several headers of the name',
    // The calls say whether there are several, not the config.
    usedBy: ofEveryConfig,
    clients: {
      envoy: approximated(
        'each of several headers of one name by itself, of which one is enough: since 1.39 they are not joined',
      ),
    },
  },
  {
    title: 'targets that end in a dot and have no port, such as `xds:///shop.`',
    usedBy: inNoConfig,
    clients: { 'grpc-java': impossible('calls end with INTERNAL: it takes such a name for none') },
  },
  {
    title: 'calls of a target whose first routes the client refuses',
    usedBy: inNoConfig,
    clients: { 'grpc-js': approximated('they end at their deadline, not at once with UNAVAILABLE') },
  },
  {
    title: 'calls to one service of a target, while another one of it has sent no endpoints yet',
    usedBy: inNoConfig,
    clients: {
      'grpc-js': approximated(
        'they wait for those too; a source that says nothing is soon sent as an empty one',
      ),
    },
  },
  {
    title: '`additionalAddresses` of endpoints, and dual-stack pods',
    usedBy: ({ services }) =>
      [...services.values()]
        .filter(({ source }) => hasAdditionalAddresses(source))
        .map(({ name: service }) => ({ service, field: 'additionalAddresses' })),
    clients: {
      'grpc-java': approximated(
        'the first address alone, unless GRPC_EXPERIMENTAL_XDS_DUALSTACK_ENDPOINTS=true is in its environment',
      ),
    },
  },
  {
    title: '`tls` of a service with files',
    usedBy: ofTls(namesFiles),
    clients: all(
      everybody,
      impossible("the client's own credentials: only our own proxy takes this, from a config file"),
    ),
  },
  {
    title: '`tls` of a service without files',
    usedBy: ofTls((tls) => !namesFiles(tls)),
    clients: all(grpc, impossible("the client's own credentials")),
  },
  {
    title: '`servers` with `mtls` or `tls`, for clients',
    usedBy: ofServers('servers.security', ({ security }) => security !== 'none'),
    clients: {
      envoy: impossible('calls without TLS, unless its own config has it'),
      proxy: impossible('calls without TLS: it takes `tls` of a service'),
    },
  },
  {
    title: '`servers.allow`, for servers',
    usedBy: ofServers('servers.allow', ({ allow }) => allow !== undefined),
    clients: {
      'grpc-js': approximated(
        'lets in nobody at all, unless GRPC_XDS_EXPERIMENTAL_RBAC=true is in its environment: it rejects the listener, and does not serve',
      ),
    },
  },
  {
    title: 'certificates by server name of a listener (HTTPS of a Gateway)',
    usedBy: ({ listeners }) =>
      listeners
        .filter(({ certificates }) => certificates !== undefined)
        .map(({ name }) => ({ service: `listener ${name}`, field: 'certificates' })),
    clients: {
      envoy: approximated(
        'clients that ask for another name are closed without an alert; one certificate that is no good, and the listener is rejected as a whole',
      ),
    },
  },
  {
    title: '`tls` or `proxyProtocol` of a listener',
    usedBy: ({ listeners }) =>
      listeners.filter(isForOurProxyOnly).map(({ name, tls }) => ({
        service: `listener ${name}`,
        field: tls === undefined ? 'proxyProtocol' : 'tls',
      })),
    clients: all(
      ['envoy', 'proxy'],
      impossible('the listener is not sent: only our own proxy with a config file has it'),
    ),
  },
];

/** With a second more it is another one; a longer one is much the same. */
function isAtMostASecond({ timeoutMs = Infinity }: { timeoutMs?: number }): boolean {
  return timeoutMs <= 1000;
}

/** As far as gRPC clients do it. */
function ejectsByShare({ outlierDetection: has }: Policy): boolean {
  return (has?.successRate ?? has?.failurePercentage) !== undefined;
}

function canPanic(policy: Policy): boolean {
  const { outlierDetection, panicThresholdPercent } = policy;
  return ejectsByShare(policy) && 100 - outlierDetection!.maxEjectionPercent < panicThresholdPercent;
}

/** What applications write, or what happens while they run. */
function inNoConfig(): Use[] {
  return [];
}

/** As far as the config says it: of live sources nobody knows. */
const hasAdditionalAddresses = (source: Source): boolean =>
  source.kind === 'merged'
    ? source.sources.some(hasAdditionalAddresses)
    : source.kind === 'static' &&
      source.endpoints.some(({ additionalAddresses }) => additionalAddresses !== undefined);

function delaysWithTimeout(config: MeshConfig): Use[] {
  const hasTimeout = (route: Route) =>
    (route.timeoutMs ?? config.services.get(serviceOf(route))?.policy.timeoutMs) !== undefined;
  return ofRoutes('fault.delay', (route) => route.fault?.delay !== undefined && hasTimeout(route))(config);
}

const unknownConditions = (route: Route): Use[] =>
  unknownToGrpc(route).map((header) => ({
    service: serviceOf(route),
    field: `a condition on ${header} of route ${route.name ?? 'without a name'}`,
  }));

/** An Envoy that got these without their TLS, or their PROXY protocol, would let in whom it should not. */
export function isForOurProxyOnly({ tls, proxyProtocol }: Listener): boolean {
  return tls !== undefined || proxyProtocol;
}
