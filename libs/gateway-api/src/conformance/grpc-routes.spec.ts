import { describe, expect, it } from 'vitest';
import { caller } from '../testing/caller.ts';
import { conditionsOf, gateway, gatewayClass, route, service, TestCluster } from '../testing/cluster.ts';

/** The calls of the official suite's GRPCRoute tests, against the routes that a proxy gets. */

const cluster = (...objects: string[]) =>
  new TestCluster()
    .apply([gatewayClass, ...['v1', 'v2', 'v3'].map((name) => service(name)), ...objects].join('---'))
    .run();

const http = '[{ name: http, port: 80, protocol: HTTP }]';

describe('GRPCRoute', () => {
  it('is matched by exact service and method (GRPCExactMethodMatching, GRPCRouteNamedRule)', () => {
    const rules = `
      - { name: one, matches: [{ method: { service: echo.Echo, method: Echo } }], backendRefs: [{ name: v1, port: 8080 }] }
      - { matches: [{ method: { service: echo.Echo, method: EchoTwo } }], backendRefs: [{ name: v2, port: 8080 }] }`;
    const spec = `\n  parentRefs: [{ name: g }]\n  rules: ${rules}`;
    const objects = cluster(gateway('g', http), route('GRPCRoute', 'r', spec));
    const call = caller(objects);
    expect([call('/echo.Echo/Echo'), call('/echo.Echo/EchoTwo'), call('/echo.Echo/EchoThree')]).toEqual([
      'v1',
      'v2',
      undefined,
    ]);
    expect(objects.statusOf('GRPCRoute', 'r').parents).toMatchObject([
      {
        controllerName: 'evenly.test/gateway',
        parentRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'g' },
        conditions: [
          { type: 'Accepted', status: 'True', reason: 'Accepted', observedGeneration: 1 },
          { type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', observedGeneration: 1 },
        ],
      },
    ]);
  });

  it('is matched by headers: more of them first, then the earlier rule (GRPCRouteHeaderMatching)', () => {
    const rules = `
      - { matches: [{ headers: [{ name: Version, value: one }] }], backendRefs: [{ name: v1, port: 8080 }] }
      - { matches: [{ headers: [{ name: version, value: two }] }], backendRefs: [{ name: v2, port: 8080 }] }
      - { matches: [{ headers: [{ name: version, value: two }, { name: color, value: orange }] }], backendRefs: [{ name: v1, port: 8080 }] }
      - { matches: [{ headers: [{ name: color, value: blue }] }, { headers: [{ name: color, value: green }] }], backendRefs: [{ name: v1, port: 8080 }] }
      - { matches: [{ headers: [{ name: color, value: red }] }, { headers: [{ name: color, value: yellow }] }], backendRefs: [{ name: v2, port: 8080 }] }`;
    const call = caller(
      cluster(
        gateway('g', http),
        route('GRPCRoute', 'r', `\n  parentRefs: [{ name: g }]\n  rules: ${rules}`),
      ),
    );
    const by = (headers: Record<string, string>) => call('/echo.Echo/Echo', { headers });
    expect(by({ version: 'one' })).toBe('v1');
    expect(by({ version: 'two' })).toBe('v2');
    expect(by({ version: 'two', color: 'orange' })).toBe('v1');
    expect(by({ color: 'green' })).toBe('v1');
    expect(by({ color: 'yellow' })).toBe('v2');
    expect(by({ version: 'two', color: 'blue' })).toBe('v2'); // a tie: the earlier rule
    expect(by({ color: 'purple' })).toBe(undefined);
    expect(by({})).toBe(undefined);
  });

  it('goes by the most specific listener of its host (GRPCRouteListenerHostnameMatching)', () => {
    const listeners = `
    - { name: one, port: 80, protocol: HTTP, hostname: bar.com }
    - { name: two, port: 80, protocol: HTTP, hostname: foo.bar.com }
    - { name: three, port: 80, protocol: HTTP, hostname: '*.bar.com' }
    - { name: four, port: 80, protocol: HTTP, hostname: '*.foo.com' }`;
    const to = (name: string, ...sections: string[]) =>
      route(
        'GRPCRoute',
        name,
        `{ parentRefs: [${sections.map((section) => `{ name: g, sectionName: ${section} }`).join()}], rules: [{ backendRefs: [{ name: ${name}, port: 8080 }] }] }`,
      );
    const objects = cluster(
      gateway('g', listeners),
      to('v1', 'one'),
      to('v2', 'two'),
      to('v3', 'three', 'four'),
    );
    const call = caller(objects);
    const at = (authority: string) => call('/echo.Echo/Echo', { authority });
    expect(at('bar.com')).toBe('v1');
    expect(at('foo.bar.com')).toBe('v2');
    const domains = objects.translate().listeners[0]!.virtualHosts!.map((host) => host.domains[0]);
    expect(domains).toEqual(['bar.com', 'foo.bar.com', '*.bar.com', '*.foo.com']);
    expect(at('no.matching.host')).toBe(undefined);
  });

  it('gives each backend its weight, none to one without (GRPCRouteWeight)', () => {
    const spec = `{ parentRefs: [{ name: g }], rules: [{ backendRefs: [
      { name: v1, port: 8080, weight: 70 }, { name: v2, port: 8080, weight: 30 }, { name: v3, port: 8080, weight: 0 }] }] }`;
    const { listeners, services } = cluster(gateway('g', http), route('GRPCRoute', 'r', spec)).translate();
    expect(listeners[0]!.virtualHosts![0]!.routes[0]!.to).toEqual([
      { service: 'v1.default:8080', weight: 70 },
      { service: 'v2.default:8080', weight: 30 },
      { service: 'v3.default:8080', weight: 0 },
    ]);
    expect(services.get('v1.default:8080')!.source).toEqual({
      kind: 'kubernetes',
      namespace: 'default',
      service: 'v1',
      port: 'grpc',
    });
  });
});

describe('GatewayClass', () => {
  it('carries its generation, also the second of one controller (GatewayClassObservedGenerationBump)', () => {
    const second = (generation: number) => `
kind: GatewayClass
metadata: { name: second, generation: ${generation} }
spec: { controllerName: evenly.test/gateway, description: new }`;
    const objects = cluster(second(1));
    expect(objects.statusOf('GatewayClass', 'second', '').conditions[0]!.observedGeneration).toBe(1);
    objects.apply(second(2));
    const status = objects.statusOf('GatewayClass', 'second', '');
    expect(conditionsOf(status)).toEqual(['Accepted=True/Accepted']);
    expect(status.conditions[0]!.observedGeneration).toBe(2);
  });
});
