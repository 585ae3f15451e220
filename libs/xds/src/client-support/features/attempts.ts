import type { MeshConfig, Route } from '@evenly/mesh-config';
import {
  all,
  approximated,
  impossible,
  ofEveryConfig,
  ofPolicy,
  ofRoutes,
  serviceOf,
  type Feature,
  type Use,
} from '../difference.ts';
import { everybody, grpc } from './clients.ts';

const sentOnce = impossible('calls are sent once: only our own proxy with a config file hedges');

/** How long a call may take, and whether it is tried again. */
export const attemptFeatures: readonly Feature[] = [
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
    title: '`policy.hedge`',
    usedBy: ofPolicy('policy.hedge', ({ hedge }) => hedge !== undefined),
    clients: all(everybody, sentOnce),
  },
  {
    title: '`hedge` of a route',
    usedBy: ofRoutes('hedge', ({ hedge }) => hedge !== undefined),
    clients: all(everybody, sentOnce),
  },
];

/** With a second more it is another one; a longer one is much the same. */
function isAtMostASecond({ timeoutMs = Infinity }: { timeoutMs?: number }): boolean {
  return timeoutMs <= 1000;
}

function delaysWithTimeout(config: MeshConfig): Use[] {
  const hasTimeout = (route: Route) =>
    (route.timeoutMs ?? config.services.get(serviceOf(route))?.policy.timeoutMs) !== undefined;
  return ofRoutes('fault.delay', (route) => route.fault?.delay !== undefined && hasTimeout(route))(config);
}
