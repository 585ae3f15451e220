import { describe, expect, it } from 'vitest';
import { caller } from '../testing/caller.ts';
import { conditionsOf, gateway, gatewayClass, route, service, TestCluster } from '../testing/cluster.ts';

const cluster = (...objects: string[]) =>
  new TestCluster().apply([gatewayClass, service('a'), service('b'), ...objects].join('---')).run();
const http = '[{ name: http, port: 80, protocol: HTTP }]';
const to = (name: string) => `rules: [{ backendRefs: [{ name: ${name}, port: 8080 }] }]`;
const acceptedOf = (
  objects: TestCluster,
  kind: 'GRPCRoute' | 'HTTPRoute',
  name = 'r',
  namespace = 'default',
) => objects.statusOf(kind, name, namespace).parents.map((parent) => conditionsOf(parent as never)[0]);

describe('a parentRef', () => {
  const listeners = `[{ name: http, port: 80, protocol: HTTP, hostname: '*.example.org' },
    { name: grpc, port: 81, protocol: HTTP, allowedRoutes: { kinds: [{ kind: GRPCRoute }] } },
    { name: all, port: 82, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } },
    { name: some, port: 83, protocol: HTTP, allowedRoutes: { namespaces: { from: Selector, selector: { matchExpressions: [{ key: team, operator: In, values: [shop] }] } } } },
    { name: none, port: 84, protocol: HTTP, allowedRoutes: { namespaces: { from: None } } }]`;
  const namespaces = `
kind: Namespace
metadata: { name: shop, labels: { team: shop } }
---
kind: Namespace
metadata: { name: other, labels: { team: other } }
`;
  it.each([
    ['{ name: g }', 'default', 'Accepted=True/Accepted'],
    ['{ name: g, sectionName: nowhere }', 'default', 'Accepted=False/NoMatchingParent'],
    ['{ name: g, port: 8080 }', 'default', 'Accepted=False/NoMatchingParent'],
    ['{ name: g, port: 80 }', 'default', 'Accepted=True/Accepted'],
    ['{ name: g, sectionName: http, port: 82 }', 'default', 'Accepted=False/NoMatchingParent'],
    ['{ name: g, sectionName: grpc }', 'default', 'Accepted=False/NotAllowedByListeners'],
    ['{ name: g, sectionName: none }', 'default', 'Accepted=False/NotAllowedByListeners'],
    ['{ name: g, namespace: default, sectionName: http }', 'shop', 'Accepted=False/NotAllowedByListeners'],
    ['{ name: g, namespace: default, sectionName: all }', 'shop', 'Accepted=True/Accepted'],
    ['{ name: g, namespace: default, sectionName: some }', 'shop', 'Accepted=True/Accepted'],
    ['{ name: g, namespace: default, sectionName: some }', 'other', 'Accepted=False/NotAllowedByListeners'],
    ['{ name: g, namespace: default, sectionName: some }', 'unknown', 'Accepted=False/NotAllowedByListeners'],
  ])('%s of an HTTPRoute in %s: %s', (ref, namespace, expected) => {
    const one = route('HTTPRoute', 'r', `{ parentRefs: [${ref}], ${to('a')} }`, `namespace: ${namespace}`);
    const objects = cluster(namespaces, gateway('g', listeners), one);
    expect(acceptedOf(objects, 'HTTPRoute', 'r', namespace)).toEqual([expected]);
  });

  it('is answered as it is written, with group and kind', () => {
    const refs =
      '[{ name: g }, { name: g, namespace: default, sectionName: http, port: 80 }, { name: else }]';
    const objects = cluster(
      gateway('g', http),
      route('GRPCRoute', 'r', `{ parentRefs: ${refs}, ${to('a')} }`),
    );
    const kind = { group: 'gateway.networking.k8s.io', kind: 'Gateway' };
    expect(objects.statusOf('GRPCRoute', 'r').parents.map(({ parentRef }) => parentRef)).toEqual([
      { ...kind, name: 'g' },
      { ...kind, name: 'g', namespace: 'default', sectionName: 'http', port: 80 },
    ]);
    expect(objects.statusOf('Gateway', 'g').listeners[0]!.attachedRoutes).toBe(1);
  });

  it('of somebody else is nothing to us, whatever a status says of it', () => {
    const objects = cluster(gateway('g', http));
    const ours = { parentRef: { name: 'g' }, controllerName: 'evenly.test/gateway', conditions: [] };
    const put = (...parentRefs: object[]) =>
      objects.put({
        kind: 'GRPCRoute',
        metadata: { name: 'r' },
        spec: { parentRefs },
        status: { parents: [ours] },
      });
    put({ name: 'g' }, { name: 'istio' });
    expect(objects.statusOf('GRPCRoute', 'r').parents).toMatchObject([{ parentRef: { name: 'g' } }]);
    put({ name: 'istio' });
    expect(objects.statusOf('GRPCRoute', 'r').parents).toEqual([]);
  });
});

describe('host names', () => {
  it.each([
    ['', 'shop.example.org', true],
    ['*.example.org', 'shop.example.org', true],
    ['shop.example.org', '*.example.org', true],
    ['*.example.org', '*.shop.example.org', true],
    ['*.example.org', 'example.org', false],
    ['example.org', '*.example.org', false],
    ['*.example.org', '*.example.com', false],
    ['shop.example.org', 'cart.example.org', false],
  ])('listener %j, route %j: %s', (listener, name, isCommon) => {
    const one = `[{ name: http, port: 80, protocol: HTTP, hostname: '${listener}' }]`;
    const objects = cluster(
      gateway('g', one),
      route('GRPCRoute', 'r', `{ parentRefs: [{ name: g }], hostnames: ['${name}'], ${to('a')} }`),
    );
    const expected = isCommon ? 'Accepted=True/Accepted' : 'Accepted=False/NoMatchingListenerHostname';
    expect(acceptedOf(objects, 'GRPCRoute')).toEqual([expected]);
  });

  it('a listener keeps its host from the routes of a wider one', () => {
    const listeners = `[{ name: wide, port: 80, protocol: HTTP }, { name: own, port: 80, protocol: HTTP, hostname: shop.example.org }]`;
    const objects = cluster(
      gateway('g', listeners),
      route('GRPCRoute', 'wide', `{ parentRefs: [{ name: g, sectionName: wide }], ${to('a')} }`),
      route(
        'GRPCRoute',
        'named',
        `{ parentRefs: [{ name: g, sectionName: wide }], hostnames: [shop.example.org], ${to('a')} }`,
      ),
    );
    const call = caller(objects);
    expect(call('/s/m', { authority: 'other.example.org' })).toBe('a');
    expect(call('/s/m', { authority: 'shop.example.org' })).toBe(undefined);
  });
});

describe('routes of both kinds at one listener', () => {
  const one = (kind: 'GRPCRoute' | 'HTTPRoute', day: number, names = '', backend = 'a') =>
    route(
      kind,
      'r',
      `{ parentRefs: [{ name: g }], hostnames: [${names}], ${to(backend)} }`,
      `creationTimestamp: "2026-01-0${day}T00:00:00Z"`,
    );

  it('the older one has their common host names', () => {
    const objects = cluster(
      gateway('g', http),
      one('HTTPRoute', 1, '"*.example.org"'),
      one('GRPCRoute', 2, 'shop.example.org', 'b'),
    );
    expect(acceptedOf(objects, 'HTTPRoute')).toEqual(['Accepted=True/Accepted']);
    expect(acceptedOf(objects, 'GRPCRoute')).toEqual(['Accepted=False/HostnameConflict']);
    expect(objects.statusOf('Gateway', 'g').listeners[0]!.attachedRoutes).toBe(1);
    objects.remove('httpRoutes', 'default/r');
    expect(acceptedOf(objects, 'GRPCRoute')).toEqual(['Accepted=True/Accepted']);
  });

  it('do not meet with different names', () => {
    const objects = cluster(gateway('g', http), one('HTTPRoute', 1, 'a.org'), one('GRPCRoute', 2, 'b.org'));
    expect([acceptedOf(objects, 'HTTPRoute'), acceptedOf(objects, 'GRPCRoute')]).toEqual(
      Array(2).fill(['Accepted=True/Accepted']),
    );
  });

  it('that meet at one listener of two are accepted for the other', () => {
    const two = `[{ name: a, port: 80, protocol: HTTP }, { name: b, port: 81, protocol: HTTP, allowedRoutes: { kinds: [{ kind: GRPCRoute }] } }]`;
    const objects = cluster(gateway('g', two), one('HTTPRoute', 1), one('GRPCRoute', 2, '', 'b'));
    expect(acceptedOf(objects, 'GRPCRoute')).toEqual(['Accepted=True/Accepted']);
    expect([caller(objects, 80)('/s/m'), caller(objects, 81)('/s/m')]).toEqual(['a', 'b']);
  });
});
