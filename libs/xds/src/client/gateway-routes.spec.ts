import { Router, type MeshConfig, type Route, type VirtualHost } from '@evenly/mesh-config';
import { describe, expect, it } from 'vitest';
import { anonymousNode } from '../node.ts';
import { ResourceCache } from '../resource-cache.ts';
import { codecs } from '../resource-type.ts';
import { endpointAssignment } from '../resources/endpoints.ts';
import { routingResources } from '../resources/routing.ts';
import { linkedClient, settled } from '../testing/client-link.ts';
import { mesh, meshListener, meshRoute, meshService } from '../testing/mesh.ts';
import { endpointSet } from '@evenly/endpoints';

/* What routes of a Gateway need, from our server to our client. */

const services = ['shop', 'copy', 'other'].map((name) => meshService(name));

/** The config of a client of a server with this one. */
async function carried(config: MeshConfig): Promise<MeshConfig> {
  const cache = new ResourceCache();
  cache.replace('routing', routingResources(config));
  for (const { name, locality, policy } of services)
    cache.replace(name, [endpointAssignment({ name: `${name}-cluster`, locality, policy }, endpointSet([]))]);
  const link = linkedClient('delta');
  link.connect(cache);
  await settled();
  expect(link.answers.flatMap(({ error }) => error ?? [])).toEqual([]);
  expect(link.warnings).toEqual([]);
  return link.configs.at(-1)!;
}

const gateway = (virtualHosts: VirtualHost[]) =>
  mesh(services, {
    listeners: [meshListener({ name: 'front', address: '0.0.0.0', port: 80, virtualHosts })],
  });

async function carriedRoute(change: Partial<Route>): Promise<Route> {
  const route = meshRoute('shop.example', 'shop', change);
  const { listeners } = await carried(gateway([{ domains: ['shop.example'], routes: [route] }]));
  return listeners[0]!.virtualHosts![0]!.routes[0]!;
}

describe('what our server writes, our client reads as the same', () => {
  it('header changes of a route and of one destination, percent signs too', async () => {
    const requestHeaders = {
      set: [{ name: 'x-share', value: '100 % of %this%' }],
      add: [{ name: 'x-add', value: 'b' }],
      remove: ['x-gone'],
    };
    const responseHeaders = { remove: ['x-internal'] };
    const to = [{ service: 'shop', weight: 1, requestHeaders: { add: [{ name: 'x-to', value: '1' }] } }];
    expect(await carriedRoute({ to, requestHeaders, responseHeaders })).toMatchObject({
      to: [{ ...to[0], service: 'shop-cluster' }],
      requestHeaders,
      responseHeaders,
    });
  });

  it('mirrors with their share', async () => {
    const mirrors = [
      { service: 'copy', percent: 12.5 },
      { service: 'other', percent: 100 },
    ];
    expect((await carriedRoute({ mirrors })).mirrors).toEqual(
      mirrors.map((one) => ({ ...one, service: `${one.service}-cluster` })),
    );
  });

  it('a share that is refused, and a route that refuses all', async () => {
    const refuse = { refuse: true, weight: 3 } as const;
    expect((await carriedRoute({ to: [{ service: 'shop', weight: 1 }, refuse] })).to).toEqual([
      { service: 'shop-cluster', weight: 1 },
      refuse,
    ]);
    expect((await carriedRoute({ to: [refuse] })).to).toEqual([{ refuse: true, weight: 1 }]);
  });

  it.each([
    ['no host has a port', ['*.example', '*.example:*'], ['a.example', 'a.b.example:8080']],
    ['one has', ['*.example', '*.example:*', 'x:9'], ['a.example', 'a.example:80']],
  ])('wildcards, where %s', async (_what, domains, authorities) => {
    const { listeners } = await carried(gateway([{ domains, routes: [meshRoute('*.example', 'shop')] }]));
    const router = new Router(listeners[0]!.virtualHosts!, ({ to }) => to[0]!.service);
    const found = (authority: string) =>
      router.find({ authority, path: '/a/b', method: 'POST', header: () => undefined });
    expect(authorities.map(found)).toEqual(authorities.map(() => 'shop-cluster'));
    expect(['example', 'example:80', 'notexample'].map(found)).toEqual([undefined, undefined, undefined]);
  });
});

describe('what others get of it', () => {
  const wild = mesh(services, { routes: [meshRoute('*.shop.example', 'shop')] });
  const serve = (config: MeshConfig) => {
    const cache = new ResourceCache();
    cache.replace('routing', routingResources(config));
    return cache;
  };

  it('a gRPC client of a name below a wildcard gets its listener, and no domain with two stars', () => {
    const cache = serve(wild);
    const node = { ...anonymousNode, kind: 'grpc-go' as const };
    const listener = cache.get('listener', 'a.b.shop.example:8080', node)!;
    expect(listener.name).toBe('a.b.shop.example:8080');
    expect(cache.get('listener', 'shop.example', node)).toBeUndefined();
    const { virtualHosts } = codecs.route.decode(cache.get('route', listener.refs[0]!, node)!.encoded);
    expect(virtualHosts.map(({ domains }) => domains)).toEqual([['*.shop.example', '*']]);
  });

  it('who asks for such a name hears of a wildcard that comes and goes', () => {
    const cache = serve(mesh(services));
    const node = { ...anonymousNode, kind: 'grpc-go' as const };
    expect(cache.get('listener', 'a.shop.example', node)).toBeUndefined();
    cache.replace('routing', routingResources(wild));
    expect(cache.get('listener', 'a.shop.example', node)).toBeDefined();
  });

  it('an Envoy looks at no ports where no host has one', () => {
    const cache = serve(
      gateway([{ domains: ['*.example', '*.example:*'], routes: [meshRoute('*.example', 'shop')] }]),
    );
    const node = { ...anonymousNode, kind: 'envoy' as const };
    const routes = codecs.route.decode(cache.get('route', 'listener/front-route', node)!.encoded);
    expect(routes.ignorePortInHostMatching).toBe(true);
    expect(routes.virtualHosts.map(({ domains }) => domains)).toEqual([['*.example']]);
  });

  it('a refused share is a cluster that never has endpoints, and is there where it is used alone', () => {
    const node = { ...anonymousNode, kind: 'grpc-go' as const };
    const refusing = serve(
      mesh(services, { routes: [meshRoute('x', 'shop', { to: [{ refuse: true, weight: 1 }] })] }),
    );
    expect(refusing.get('cluster', 'evenly/refused', node)).toBeDefined();
    const { endpoints } = codecs.endpoints.decode(refusing.get('endpoints', 'evenly/refused', node)!.encoded);
    expect(endpoints).toEqual([]);
    expect(serve(wild).get('cluster', 'evenly/refused', node)).toBeUndefined();
  });
});
