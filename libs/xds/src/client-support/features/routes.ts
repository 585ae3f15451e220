import type { Route } from '@evenly/mesh-config';
import { unknownToGrpc } from '../../resources/grpc-conditions.ts';
import {
  all,
  approximated,
  impossible,
  ofEveryConfig,
  ofRoutes,
  serviceOf,
  type Feature,
  type Use,
} from '../difference.ts';
import { grpc } from './clients.ts';

const noSessions = impossible('each call goes to any endpoint');

/** Which calls a route takes, and what it does with them. */
export const routeFeatures: readonly Feature[] = [
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
];

const unknownConditions = (route: Route): Use[] =>
  unknownToGrpc(route).map((header) => ({
    service: serviceOf(route),
    field: `a condition on ${header} of route ${route.name ?? 'without a name'}`,
  }));
