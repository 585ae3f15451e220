import { describe, expect, it } from 'vitest';
import { caller } from '../testing/caller.ts';
import { conditionsOf, gateway, gatewayClass, route, service, TestCluster } from '../testing/cluster.ts';

const http = '[{ name: http, port: 80, protocol: HTTP }]';
const cluster = (...objects: string[]) =>
  new TestCluster()
    .apply(
      [gatewayClass, gateway('g', http), service('a'), service('there', 'other'), ...objects].join('---'),
    )
    .run();
const rules = (refs: string) => `{ parentRefs: [{ name: g }], rules: [{ backendRefs: [${refs}] }] }`;
const resolvedOf = (objects: TestCluster, kind: 'GRPCRoute' | 'HTTPRoute' = 'GRPCRoute') =>
  conditionsOf(objects.statusOf(kind, 'r').parents[0] as never);
const grant = (kind: string, name = '') => `
kind: ReferenceGrant
metadata: { name: x, namespace: other }
spec: { from: [{ group: gateway.networking.k8s.io, kind: ${kind}, namespace: default }], to: [{ group: "", kind: Service${name} }] }
`;
const external = `
kind: Service
metadata: { name: external }
spec: { type: ExternalName, ports: [{ port: 8080 }] }
`;
const odd = `
kind: Service
metadata: { name: odd }
spec: { ports: [{ port: 8080, appProtocol: example.com/mine }] }
`;

describe('a backendRef that leads nowhere', () => {
  it.each([
    ['{ name: missing, port: 8080 }', 'BackendNotFound'],
    ['{ name: a, port: 9999 }', 'BackendNotFound'],
    ['{ name: a }', 'BackendNotFound'],
    ['{ name: a, port: 53 }', 'UnsupportedProtocol'],
    ['{ name: odd, port: 8080 }', 'UnsupportedProtocol'],
    ['{ name: external, port: 8080 }', 'BackendNotFound'],
    ['{ name: a, port: 8080, kind: Other }', 'InvalidKind'],
    ['{ name: a, port: 8080, group: example.org }', 'InvalidKind'],
    ['{ name: there, namespace: other, port: 8080 }', 'RefNotPermitted'],
    ['{ name: missing, namespace: other, port: 8080 }', 'RefNotPermitted'],
  ])('%s: %s, its calls are refused', (ref, reason) => {
    for (const kind of ['GRPCRoute', 'HTTPRoute'] as const) {
      const objects = cluster(external, odd, route(kind, 'r', rules(ref)));
      expect(resolvedOf(objects, kind)).toEqual(['Accepted=True/Accepted', `ResolvedRefs=False/${reason}`]);
      expect(caller(objects)('/s/m')).toBe('refused');
    }
  });

  it('keeps its share of the calls', () => {
    const refs = '{ name: a, port: 8080, weight: 3 }, { name: missing, port: 8080, weight: 1 }';
    const [listener] = cluster(route('GRPCRoute', 'r', rules(refs))).translate().listeners;
    expect(listener!.virtualHosts![0]!.routes[0]!.to).toEqual([
      { service: 'a.default:8080', weight: 3 },
      { refuse: true, weight: 1 },
    ]);
  });

  it.each(['', '{ name: a, port: 8080, weight: 0 }'])('as does a rule with nobody to call: [%s]', (refs) => {
    const objects = cluster(route('HTTPRoute', 'r', rules(refs)));
    expect(resolvedOf(objects, 'HTTPRoute')[1]).toBe('ResolvedRefs=True/ResolvedRefs');
    expect(caller(objects)('/s/m')).toBe('refused');
  });

  it('is found as soon as it is there, and gone when it goes', () => {
    const objects = cluster(route('GRPCRoute', 'r', rules('{ name: late, port: 8080 }')));
    expect(caller(objects)('/s/m')).toBe('refused');
    objects.apply(service('late'));
    expect(caller(objects)('/s/m')).toBe('late');
    objects.remove('services', 'default/late');
    expect(caller(objects)('/s/m')).toBe('refused');
  });
});

it('a ReferenceGrant lets a route refer to a Service elsewhere, for its kind and name alone', () => {
  const ref = rules('{ name: there, namespace: other, port: 8080 }');
  const calls = (kind: 'GRPCRoute' | 'HTTPRoute', ...more: string[]) => {
    const objects = cluster(route(kind, 'r', ref), ...more);
    return [caller(objects)('/s/m'), resolvedOf(objects, kind)[1]];
  };
  const found = ['there', 'ResolvedRefs=True/ResolvedRefs'];
  const refused = ['refused', 'ResolvedRefs=False/RefNotPermitted'];
  expect(calls('GRPCRoute', grant('GRPCRoute'))).toEqual(found);
  expect(calls('GRPCRoute', grant('GRPCRoute', ', name: there'))).toEqual(found);
  expect(calls('GRPCRoute', grant('GRPCRoute', ', name: elsewhere'))).toEqual(refused);
  expect(calls('GRPCRoute', grant('HTTPRoute'))).toEqual(refused);
  expect(calls('HTTPRoute', grant('HTTPRoute'))).toEqual(found);
});

describe('what a backend speaks', () => {
  const typed = (fields: string) => `
kind: Service
metadata: { name: typed }
spec: { ports: [{ port: 8080, ${fields} }] }
`;
  const protocolOf = (kind: 'GRPCRoute' | 'HTTPRoute', fields: string) =>
    cluster(typed(fields), route(kind, 'r', rules('{ name: typed, port: 8080 }')))
      .translate()
      .services.get('typed.default:8080')!.protocol;

  it.each([
    ['name: web', 'http1'],
    ['name: grpc-web', undefined],
    ['appProtocol: kubernetes.io/h2c', undefined],
    ['appProtocol: kubernetes.io/ws', 'http1'],
    ['appProtocol: http', 'http1'],
  ])('with %s: %s to an HTTPRoute, HTTP/2 to a GRPCRoute', (fields, protocol) => {
    expect(protocolOf('HTTPRoute', fields)).toBe(protocol);
    expect(protocolOf('GRPCRoute', fields)).toBe(undefined);
  });

  it('is HTTP/2 where routes of both kinds lead to it', () => {
    const one = (kind: 'GRPCRoute' | 'HTTPRoute', name: string) =>
      route(
        kind,
        'r',
        `{ parentRefs: [{ name: g }], hostnames: [${name}], rules: [{ backendRefs: [{ name: typed, port: 8080 }] }] }`,
      );
    for (const order of [
      ['GRPCRoute', 'HTTPRoute'],
      ['HTTPRoute', 'GRPCRoute'],
    ] as const) {
      const objects = cluster(
        typed('name: web'),
        ...order.map((kind) => one(kind, `${kind.toLowerCase()}.org`)),
      );
      expect(objects.translate().services.get('typed.default:8080')!.protocol).toBe(undefined);
    }
  });
});

it('is not compiled again for a Service or a ConfigMap that it does not lead to', () => {
  const cluster = new TestCluster().apply(
    `${gatewayClass}---${gateway('front', '[{ name: http, port: 80, protocol: HTTP }]')}---${service('a')}`,
  );
  cluster.apply(
    route(
      'GRPCRoute',
      'r',
      '{ parentRefs: [{ name: front }], rules: [{ backendRefs: [{ name: a, port: 8080 }, { name: b, port: 8080 }] }] }',
    ),
  );
  const hosts = () => cluster.translate().listeners[0]!.virtualHosts![0];
  const before = hosts();
  cluster.apply(`${service('other')}---\nkind: ConfigMap\nmetadata: { name: other }\n`);
  expect(hosts()).toBe(before);
  cluster.apply(service('b'));
  expect(hosts()?.routes[0]!.to.map((one) => one.service)).toEqual(['a.default:8080', 'b.default:8080']);
});
