import type { Route } from '@evenly/mesh-config';
import { describe, expect, it } from 'vitest';
import { conditionsOf, gateway, gatewayClass, route, service, TestCluster } from '../testing/cluster.ts';

const http = '[{ name: http, port: 80, protocol: HTTP }]';
const cluster = (kind: 'GRPCRoute' | 'HTTPRoute', rules: string) =>
  new TestCluster()
    .apply(
      [
        ...[gatewayClass, gateway('g', http), service('a'), service('b')],
        route(kind, 'r', `{ parentRefs: [{ name: g }], rules: [${rules}] }`),
      ].join('---'),
    )
    .run();
const to = 'backendRefs: [{ name: a, port: 8080 }]';
const rule = (session: string, more = '') => `{ ${to}, sessionPersistence: ${session}${more} }`;
const routesOf = (objects: TestCluster) =>
  objects.translate().listeners[0]!.virtualHosts!.flatMap(({ routes }) => routes);
const sessionOf = (kind: 'GRPCRoute' | 'HTTPRoute', session: string) =>
  routesOf(cluster(kind, rule(session)))[0]!.sessionPersistence;

describe('sessionPersistence of a rule', () => {
  it.each(['GRPCRoute', 'HTTPRoute'] as const)('is in a cookie if nothing else is said: %s', (kind) => {
    expect(sessionOf(kind, '{}')).toEqual({
      kind: 'cookie',
      name: expect.stringMatching(/^evenly-session-[0-9a-f]{12}$/) as string,
      permanent: false,
    });
  });

  it.each<[string, Route['sessionPersistence']]>([
    ['{ sessionName: JSESSIONID, type: Cookie }', { kind: 'cookie', name: 'JSESSIONID', permanent: false }],
    [
      '{ sessionName: s, absoluteTimeout: 1h30m, cookieConfig: { lifetimeType: Permanent } }',
      { kind: 'cookie', name: 's', permanent: true, absoluteTimeoutMs: 5_400_000 },
    ],
    [
      '{ sessionName: s, absoluteTimeout: 1h, cookieConfig: {} }',
      { kind: 'cookie', name: 's', permanent: false, absoluteTimeoutMs: 3_600_000 },
    ],
    ['{ sessionName: X-Session, type: Header }', { kind: 'header', name: 'x-session' }],
  ])('%s', (session, expected) => expect(sessionOf('GRPCRoute', session)).toEqual(expected));

  it('has a name of its own in each rule, the same in all matches of the rule', () => {
    const matches = 'matches: [{ path: { value: /a } }, { path: { value: /b } }]';
    const rules = [rule('{}', `, ${matches}`), rule('{}')].join();
    const names = routesOf(cluster('HTTPRoute', rules)).map((one) => one.sessionPersistence!.name);
    expect(names).toHaveLength(3);
    expect(new Set(names).size).toBe(2);
    expect(names[0]).toBe(names[1]);
  });

  it('is nothing to a redirect', () => {
    const redirect = '{ type: RequestRedirect, requestRedirect: { hostname: x.example } }';
    const [found] = routesOf(
      cluster('HTTPRoute', `{ filters: [${redirect}], sessionPersistence: { sessionName: s } }`),
    );
    expect(found).toMatchObject({ redirect: { hostname: 'x.example' } });
    expect(found!.sessionPersistence).toBeUndefined();
  });

  it.each([
    ['{ cookieConfig: { lifetimeType: Permanent } }', 'sessionPersistence.absoluteTimeout is required'],
    ['{ absoluteTimeout: 10ms }', 'sessionPersistence.absoluteTimeout must be from 1s'],
    ['{ sessionName: "a b" }', 'sessionPersistence.sessionName must be a token'],
    ['{ sessionName: Set-Cookie, type: Header }', 'sessionPersistence.sessionName must not be'],
    ['{ type: Header, cookieConfig: {} }', 'sessionPersistence.cookieConfig is not for type Header'],
    ['{ idleTimeout: 1h }', 'sessionPersistence.idleTimeout is not supported'],
    ['{ type: Url }', 'type'],
  ])('%s is refused, and a condition says so', (session, reason) => {
    const objects = cluster('GRPCRoute', rule(session));
    const parent = objects.statusOf('GRPCRoute', 'r').parents[0] as never;
    expect(conditionsOf(parent)).toContain('Accepted=False/UnsupportedValue');
    expect(JSON.stringify(parent)).toContain(reason);
  });
});
