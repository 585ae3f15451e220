import type { Route, SessionPersistence } from '@evenly/mesh-config';
import {
  StatefulSession,
  StatefulSessionPerRoute,
} from '@evenly/proto/envoy/extensions/filters/http/stateful_session/v3/stateful_session';
import { CookieBasedSessionState } from '@evenly/proto/envoy/extensions/http/stateful_session/cookie/v3/cookie';
import { HeaderBasedSessionState } from '@evenly/proto/envoy/extensions/http/stateful_session/header/v3/header';
import type { Cookie } from '@evenly/proto/envoy/type/http/v3/cookie';
import { describe, expect, it } from 'vitest';
import type { NodeKind } from '../../node.ts';
import { defaultListenerName, socketRouteName } from '../../resources/names.ts';
import { packed } from '../../resources/message.ts';
import { routingResources } from '../../resources/routing.ts';
import { sessionFilterName, sessionTypes } from '../../resources/sessions.ts';
import { mesh, meshRoute, meshService } from '../../testing/mesh.ts';
import { managerOf, serveRouting } from '../../testing/served-routing.ts';
import { parseListener } from './listener.ts';
import { parseRoutes } from './routes.ts';
import { parseSessions } from './sessions.ts';

const cookie = { kind: 'cookie', name: 'session', permanent: false } as const;
const permanent = { ...cookie, permanent: true, absoluteTimeoutMs: 90_500 } as const;
const header = { kind: 'header', name: 'x-session' } as const;

function served(sessionPersistence: SessionPersistence, kind: NodeKind, route: Partial<Route> = {}) {
  const config = mesh([meshService('shop', {}), meshService('next', {})], {
    routes: [meshRoute('shop', 'shop', { sessionPersistence, ...route })],
  });
  const { get } = serveRouting(config, kind);
  const isProxy = kind === 'proxy';
  const listener = get('listener', isProxy ? defaultListenerName : 'shop')!;
  const routes = get('route', isProxy ? socketRouteName(defaultListenerName) : 'shop-route')!;
  const filters = managerOf(listener).httpFilters.map(({ name }) => name);
  return { listener, routes, filters, config: routes.virtualHosts[0]!.routes[0]!.typedPerFilterConfig };
}

const none = () => expect.unreachable('nothing is to be warned of');

describe('sessions of a route, by xDS', () => {
  it.each<SessionPersistence>([
    cookie,
    { ...cookie, path: '/shop' },
    { ...cookie, absoluteTimeoutMs: 1000 },
    permanent,
    header,
    { ...header, absoluteTimeoutMs: 99_999 * 3_600_000 },
  ])('come to our own proxy as they are: %j', (given) => {
    const { listener, routes } = served(given, 'proxy');
    parseListener(listener, none);
    const read = parseRoutes(routes, none).virtualHosts[0]!.routes[0]!;
    expect(read.sessionPersistence).toEqual(given.kind === 'cookie' ? { path: '/', ...given } : given);
  });

  it('have the path of the route', () => {
    const match = { path: { kind: 'segments', value: '/cart' }, headers: [], authority: 'shop' } as const;
    const { routes } = served(cookie, 'proxy', { match });
    expect(parseRoutes(routes, none).virtualHosts[0]!.routes[0]!.sessionPersistence).toMatchObject({
      path: '/cart',
    });
  });

  it('are kept by services without a share of new ones', () => {
    const to = [
      { service: 'shop', weight: 0 },
      { service: 'next', weight: 1 },
    ];
    const { routes } = served(cookie, 'proxy', { to });
    expect(parseRoutes(routes, none).virtualHosts[0]!.routes[0]!.to).toMatchObject([
      { service: 'shop-cluster', weight: 0 },
      { service: 'next-cluster', weight: 1 },
    ]);
  });

  it.each<[NodeKind, SessionPersistence, boolean]>([
    ['grpc', cookie, false],
    ['grpc-js', cookie, false],
    ['grpc-go', cookie, false],
    ['grpc-java', cookie, false],
    ['grpc-core', cookie, true],
    ['grpc-core', header, false], // gRFC A55 knows cookies, and what is not known makes it refuse the routes
    ['proxy', header, true],
  ])('go to %s as far as it takes them', (kind, persistence, isSent) => {
    const { config, filters } = served(persistence, kind);
    expect(Object.keys(config)).toEqual(isSent ? [sessionFilterName] : []);
    if (isSent) expect(filters).toContain(sessionFilterName);
    if (kind !== 'grpc-core' && kind !== 'proxy') expect(filters).not.toContain(sessionFilterName);
  });

  it('that are the only change make another version for those who get them', () => {
    const versionOf = (sessionPersistence: SessionPersistence) => {
      const config = mesh([meshService('shop', {})], {
        routes: [meshRoute('shop', 'shop', { sessionPersistence })],
      });
      return routingResources(config).find(({ name }) => name === 'shop-route')!.version;
    };
    expect(versionOf(cookie)).not.toBe(versionOf(permanent));
  });
});

describe('what another control plane says of sessions', () => {
  const ofRoute = (override: StatefulSessionPerRoute['override']) => ({
    [sessionFilterName]: packed(sessionTypes.ofRoute, StatefulSessionPerRoute, { override }),
  });
  const session = (type: string, value: Uint8Array, strict = false) =>
    ofRoute({
      $case: 'statefulSession',
      value: {
        sessionState: {
          name: 'any',
          typedConfig: { typeUrl: `type.googleapis.com/${type}`, value: Buffer.from(value) },
        },
        strict,
      },
    });
  const byCookie = (given: Partial<Cookie>, strict = false) =>
    session(
      sessionTypes.cookie,
      CookieBasedSessionState.encode({ cookie: { name: 's', path: '', ...given } }).finish(),
      strict,
    );
  const byHeader = (name: string) =>
    session(sessionTypes.header, HeaderBasedSessionState.encode({ name }).finish());

  it('is taken', () => {
    expect(parseSessions({}, undefined, none)).toBeUndefined();
    expect(parseSessions(ofRoute({ $case: 'disabled', value: true }), undefined, none)).toBeUndefined();
    expect(parseSessions(byCookie({}), undefined, none)).toEqual({
      kind: 'cookie',
      name: 's',
      path: '/',
      permanent: false,
    });
    expect(parseSessions(byCookie({ ttl: { seconds: 60n, nanos: 0 } }), undefined, none)).toMatchObject({
      permanent: true,
      absoluteTimeoutMs: 60_000,
    });
    expect(parseSessions(byHeader('X-Session'), undefined, none)).toEqual(header);
  });

  it('that asks for more than is done is told', () => {
    const warnings: string[] = [];
    parseSessions(byCookie({}, true), undefined, (reason) => void warnings.push(reason));
    parseSessions(
      byCookie({ ttl: { seconds: 0n, nanos: 1 } }),
      undefined,
      (reason) => void warnings.push(reason),
    );
    expect(warnings).toEqual([
      expect.stringContaining('strict sessions'),
      expect.stringMatching(/the ttl of the cookie in ms .* counts as 1000/),
    ]);
  });

  it.each([
    ['no name', byCookie({ name: '' }), /name of the cookie must be a token/],
    ['a name that is none', byCookie({ name: 'a;b' }), /name of the cookie must be a token/],
    ['a path that is an attribute', byCookie({ path: '/; Domain=x' }), /path of the cookie must begin with/],
    ['a ttl below 0', byCookie({ ttl: { seconds: -1n, nanos: 0 } }), /must not be less than 0/],
    ['a header that frames', byHeader('Content-Length'), /name of the header must not be/],
    ['a header without a name', byHeader(''), /name of the header must be/],
    [
      'an envelope',
      session('envoy.extensions.http.stateful_session.envelope.v3.EnvelopeSessionState', Buffer.of()),
      /envelope.* not supported/,
    ],
    ['no cookie', session(sessionTypes.cookie, Buffer.of()), /has no cookie/],
    [
      'another message',
      { [sessionFilterName]: packed(sessionTypes.filter, StatefulSession, {}) },
      /must be a StatefulSessionPerRoute/,
    ],
  ])('is refused: %s', (_, filters, reason) => {
    expect(() => parseSessions(filters, undefined, none)).toThrow(reason);
  });
});
