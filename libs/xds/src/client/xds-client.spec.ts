import { endpointSet, type Endpoint } from '@evenly/endpoints';
import type { MeshConfig, Policy, Route, Service } from '@evenly/mesh-config';
import { describe, expect, it } from 'vitest';
import { ResourceCache } from '../resource-cache.ts';
import { endpointAssignment } from '../resources/endpoints.ts';
import { routingResources } from '../resources/routing.ts';
import { linkedClient, settled } from '../testing/client-link.ts';
import { mesh, meshListener, meshRoute, meshService } from '../testing/mesh.ts';

const pod = (address: string, more: Partial<Endpoint> = {}): Endpoint => ({
  address,
  port: 50_051,
  state: 'ready',
  ...more,
});

const pods = (service: Service, ...endpoints: Endpoint[]) => ({ service, endpoints });

/** A server's cache with a config, and endpoints of its services. */
function serverWith(config: MeshConfig, ...of: ReturnType<typeof pods>[]) {
  const cache = new ResourceCache();
  cache.replace('routing', routingResources(config));
  for (const { service, endpoints } of of) publish(cache, service, ...endpoints);
  return cache;
}

function publish(cache: ResourceCache, { name, locality, policy }: Service, ...endpoints: Endpoint[]) {
  cache.replace(name, [
    endpointAssignment({ name: `${name}-cluster`, locality, policy }, endpointSet(endpoints)),
  ]);
}

/** Follows the endpoints of a cluster. */
function endpointsOf({ client }: ReturnType<typeof linkedClient>, cluster: string) {
  const told: (readonly Endpoint[])[] = [];
  client.endpointsOf(cluster).watch({
    onEndpoints: ({ endpoints }) => told.push(endpoints),
    onError: () => {},
    onRecovered: () => {},
  });
  return () => told.at(-1)?.map(({ address }) => address);
}

const everything: Partial<Policy> = {
  loadBalancing: 'peak-ewma',
  circuitBreaker: { maxRequests: 10, maxPendingRequests: 20, maxConnections: 30, maxRetries: 4 },
  outlierDetection: {
    consecutiveFailures: 7,
    failureCodes: ['UNKNOWN', 'UNIMPLEMENTED', 'UNAVAILABLE'],
    intervalMs: 1500,
    baseEjectionTimeMs: 2000,
    maxEjectionTimeMs: 60_000,
    maxEjectionPercent: 40,
    successRate: { stdevFactor: 1.5, enforcementPercent: 90, minimumHosts: 3, requestVolume: 20 },
    failurePercentage: { thresholdPercent: 70, enforcementPercent: 80, minimumHosts: 4, requestVolume: 30 },
  },
  slowStart: { windowMs: 30_000, aggression: 1.5, minWeightPercent: 5 },
  panicThresholdPercent: 25,
  scheme: 'match-upstream',
};

const canary: Route = {
  name: 'canary',
  match: {
    authority: 'be1-srv',
    path: { kind: 'regex', value: '/echo\\..*' },
    method: 'POST',
    headers: [
      { name: 'x-canary', kind: 'exact', value: 'always', invert: false },
      { name: 'x-plan', kind: 'prefix', value: 'gold', invert: true },
      { name: 'x-id', kind: 'regex', value: '[0-9]+', invert: false },
      { name: 'x-test', kind: 'present', invert: true },
    ],
  },
  to: [
    { service: 'be1-srv', weight: 95 },
    { service: 'be2-srv', weight: 5 },
  ],
  timeoutMs: 1500,
  retry: {
    attempts: 3,
    perTryTimeoutMs: 250,
    on: ['CANCELLED', 'UNAVAILABLE'],
    backoff: { baseMs: 10, maxMs: 70 },
  },
  fault: { delay: { durationMs: 5, percent: 50 }, abort: { code: 'UNAVAILABLE', percent: 0.25 } },
  hashHeader: 'x-user',
};

describe.each(['delta', 'sotw'] as const)('by %s', (variant) => {
  it('an endpoint keeps its additional addresses', async () => {
    const service = meshService('be1-srv');
    const config = mesh([service], {
      listeners: [meshListener({ name: 'in', address: '127.0.0.1', port: 1 })],
    });
    const both = pod('10.0.0.1', { additionalAddresses: ['fd00::1', '10.0.0.9'] });
    const link = linkedClient(variant);
    const told: (readonly Endpoint[])[] = [];
    link.client.endpointsOf('be1-srv-cluster').watch({
      onEndpoints: ({ endpoints }) => told.push(endpoints),
      onError: () => {},
      onRecovered: () => {},
    });
    link.connect(serverWith(config, pods(service, both, pod('10.0.0.2'))));
    await settled();
    expect(told.at(-1)).toMatchObject([both, pod('10.0.0.2')]);
    expect(told.at(-1)![1]).not.toHaveProperty('additionalAddresses');
    expect(link.warnings).toEqual([]);
  });

  it('what a mesh config says comes out as it went in', async () => {
    const service = meshService('be1-srv', everything);
    const other = meshService('be2-srv', { loadBalancing: 'ring-hash', hashHeader: 'x-user' });
    const any: Route = {
      name: 'any',
      match: { path: { kind: 'exact', value: '/a' }, headers: [] },
      to: canary.to,
    };
    const config = mesh([service, other], {
      routes: [canary, any],
      listeners: [
        meshListener({ name: 'in', address: '127.0.0.1', port: 18_080, grpcWeb: true }),
        meshListener({ name: 'raw', address: '127.0.0.1', port: 18_081, normalizePath: false }),
        meshListener({ name: 'slashes', address: '127.0.0.1', port: 18_082, encodedSlashes: 'keep' }),
      ],
    });
    const link = linkedClient(variant);
    const cache = serverWith(config, pods(service, pod('10.0.0.1')), pods(other, pod('10.0.0.2')));
    link.connect(cache);
    await settled();

    expect(link.answers.filter(({ error }) => error !== undefined)).toEqual([]);
    const [told] = link.configs;
    expect(told!.listeners).toMatchObject([
      {
        ...{ name: 'in', address: '127.0.0.1', port: 18_080, grpcWeb: true },
        ...{ normalizePath: true, encodedSlashes: 'refuse' },
      },
      { name: 'raw', normalizePath: false },
      { name: 'slashes', normalizePath: true, encodedSlashes: 'keep' },
    ]);
    const to = [
      { service: 'be1-srv-cluster', weight: 95 },
      { service: 'be2-srv-cluster', weight: 5 },
    ];
    const hosts = told!.listeners[0]!.virtualHosts!;
    // What is inverted asks for the header to be there, in so many words.
    const [exact, inverted, ...rest] = canary.match.headers;
    const there = { name: inverted!.name, kind: 'present', invert: false };
    const match = { ...canary.match, headers: [exact, there, inverted, ...rest] };
    expect(hosts[0]!.routes[0]).toEqual({ ...canary, match, to });
    expect(hosts.map(({ domains, routes }) => [domains, routes.map(({ name }) => name)])).toEqual([
      [
        ['be1-srv', 'be1-srv:*'],
        ['canary', 'any'],
      ],
      [
        ['be2-srv', 'be2-srv:*'],
        ['any', 'be2-srv#2'],
      ],
      [['*'], ['any']],
    ]);
    expect(told!.services.get('be1-srv-cluster')!.policy).toEqual({ zonePreference: 'none', ...everything });
    expect(told!.services.get('be2-srv-cluster')!.policy).toMatchObject({ loadBalancing: 'ring-hash' });
  });

  it('routes of plain HTTP come out as they went in', async () => {
    const service = { ...meshService('be1-srv'), protocol: 'http1' as const };
    const to = [{ service: 'be1-srv', weight: 1 }];
    const segments = { kind: 'segments', value: '/sh.op' } as const;
    const shop = { headers: [], path: segments };
    const all = { headers: [], path: { kind: 'prefix', value: '' } } as const;
    const query = [
      { name: 'a', kind: 'exact', value: 'b' },
      { name: 'c', kind: 'regex', value: 'x.y' },
    ] as const;
    const routes: Route[] = [
      { match: { ...shop, query }, to },
      { match: shop, to, rewrite: { hostname: 'a.example', path: { kind: 'prefix', value: '/x' } } },
      { match: shop, to, rewrite: { path: { kind: 'prefix', value: '/x/' } } },
      { match: shop, to, rewrite: { path: { kind: 'prefix', value: '/' } } },
      { match: shop, to, rewrite: { path: { kind: 'full', value: '/a\\1' } } },
      { match: all, to, rewrite: { path: { kind: 'prefix', value: '/x' } } },
      { match: all, to: [], redirect: { status: 301 } },
      {
        match: shop,
        to: [],
        redirect: {
          ...{ status: 308, scheme: 'https', hostname: 'b.example', port: 8443 },
          path: { kind: 'prefix', value: '/y/' },
        },
      },
      { match: all, to: [], redirect: { status: 302, path: { kind: 'full', value: '/z' } } },
    ];
    const named = routes.map((route, index) => ({ ...route, name: `r${index}` }));
    const at = { address: '127.0.0.1', port: 18_080 };
    const config = mesh([service], {
      routes: named,
      listeners: [
        meshListener({ name: 'in', ...at, http1: true }),
        meshListener({ name: 'grpc', ...at, port: 1 }),
      ],
    });
    const link = linkedClient(variant);
    link.connect(serverWith(config, pods(service, pod('10.0.0.1'))));
    await settled();
    expect(link.answers.filter(({ error }) => error !== undefined)).toEqual([]);
    const [told] = link.configs;
    expect(told!.listeners).toMatchObject([{ http1: true }, { http1: false }]);
    expect(told!.services.get('be1-srv-cluster')!.protocol).toBe('http1');
    const cluster = [{ service: 'be1-srv-cluster', weight: 1 }];
    const hosts = told!.listeners[0]!.virtualHosts!;
    expect(hosts.find(({ domains }) => domains.includes('*'))!.routes).toEqual(
      named.map((route) => (route.to.length === 0 ? route : { ...route, to: cluster })),
    );
  });

  it('without listeners in the config the whole of it is served where the options say', async () => {
    const service = meshService('be1-srv');
    const link = linkedClient(variant);
    link.connect(serverWith(mesh([service]), pods(service, pod('10.0.0.1'))));
    await settled();
    expect(link.configs).toHaveLength(1);
    const { listeners, services } = link.configs[0]!;
    expect(listeners).toMatchObject([
      {
        name: 'proxy',
        address: '127.0.0.1',
        port: 8080,
        virtualHosts: [
          {
            domains: ['be1-srv', 'be1-srv:*'],
            routes: [
              { name: 'be1-srv', match: { authority: 'be1-srv' }, to: [{ service: 'be1-srv-cluster' }] },
            ],
          },
        ],
      },
    ]);
    expect([...services.keys()]).toEqual(['be1-srv-cluster']);
  });

  it('endpoints come and go without a new config; places, weights and priorities arrive', async () => {
    const service = meshService('be1-srv', { zonePreference: 'none' });
    const { region } = service.locality;
    const cache = serverWith(mesh([service]), pods(service, pod('10.0.0.1', { zone: 'a', weight: 3 })));
    const link = linkedClient(variant);
    link.connect(cache);
    await settled();
    const told: (readonly Endpoint[])[] = [];
    link.client.endpointsOf('be1-srv-cluster').watch({
      onEndpoints: ({ endpoints }) => told.push(endpoints),
      onError: () => {},
      onRecovered: () => {},
    });
    await settled();
    expect(told.at(-1)).toEqual([pod('10.0.0.1', { region, zone: 'a', weight: 3 })]);
    const more = [
      pod('10.0.0.1', { region, zone: 'a', weight: 3 }),
      pod('10.0.0.2', { region: 'elsewhere', zone: 'b', hostname: 'pod-2' }),
      pod('10.0.0.3', { region, zone: 'b', priority: 1 }),
    ];
    publish(cache, service, ...more);
    await settled();
    expect(told.at(-1)).toEqual(more);
    publish(cache, service);
    await settled();
    expect(told.at(-1)).toEqual([]);
    expect(link.configs).toHaveLength(1);
  });

  it('a new config is told when all that it needs is there; until then the last one stays', async () => {
    const one = meshService('one');
    const two = meshService('two');
    const to = (service: string) => mesh([one, two], { routes: [meshRoute('shop', service)] });
    const cache = serverWith(to('one'), pods(one, pod('10.0.0.1')));
    const link = linkedClient(variant, []);
    link.connect(cache);
    await settled();
    // The implicit route of "two" leads to a cluster whose endpoints nobody knows yet.
    expect(link.configs).toEqual([]);
    publish(cache, two, pod('10.0.0.2'));
    await settled();
    const target = () => link.configs.at(-1)?.listeners[0]?.virtualHosts?.[0]?.routes[0]?.to[0]?.service;
    expect(target()).toBe('one-cluster');
    cache.replace('routing', routingResources(to('two')));
    await settled();
    expect(target()).toBe('two-cluster');
  });

  it('a service that leaves the config is let go of', async () => {
    const [one, two] = [meshService('one'), meshService('two')];
    const cache = serverWith(mesh([one, two]), pods(one, pod('10.0.0.1')), pods(two, pod('10.0.0.2')));
    const link = linkedClient(variant);
    link.connect(cache);
    await settled();
    cache.replace('routing', routingResources(mesh([one])));
    cache.replace('two', []);
    await settled();
    expect([...link.configs.at(-1)!.services.keys()]).toEqual(['one-cluster']);
    expect(link.client.status().types.cluster.known).toBe(1);
    expect(link.client.status().types.endpoints).toEqual({ known: 1, waitingFor: [], rejected: {} });
  });

  it('the server restarts: the last good stays, and only what changed is an update', async () => {
    const service = meshService('be1-srv');
    const link = linkedClient(variant);
    const disconnect = link.connect(serverWith(mesh([service]), pods(service, pod('10.0.0.1'))));
    await settled();
    const addresses = endpointsOf(link, 'be1-srv-cluster');
    await settled();
    disconnect();
    link.clock.nowMs = 3_600_000;
    link.client.tick();
    expect(addresses()).toEqual(['10.0.0.1']);

    // It is back, and has not heard of the endpoints yet.
    const cache = serverWith(mesh([service]));
    link.connect(cache);
    await settled();
    expect(addresses()).toEqual(['10.0.0.1']);
    publish(cache, service, pod('10.0.0.2'));
    await settled();
    expect(addresses()).toEqual(['10.0.0.2']);
    expect(link.configs).toHaveLength(1);
  });

  it('what the server does not say a word of counts as missing after 15 s, and calls to it fail', async () => {
    const service = meshService('be1-srv');
    const cache = new ResourceCache();
    const resources = routingResources(mesh([service]));
    cache.replace(
      'routing',
      resources.filter(({ type }) => type !== 'cluster'),
    );
    const link = linkedClient(variant);
    link.connect(cache);
    await settled();
    link.clock.nowMs = 15_001;
    link.client.tick();
    await settled();
    expect(link.configs).toHaveLength(1);
    const addresses = endpointsOf(link, 'be1-srv-cluster');
    await settled();
    expect(addresses()).toEqual([]);
    // It comes after all.
    cache.replace('routing', resources);
    publish(cache, service, pod('10.0.0.1'));
    await settled();
    expect(addresses()).toEqual(['10.0.0.1']);
  });

  it.each([
    ['of any listener', [], 'listener'],
    ['of the listeners it is asked for by name', ['out'], 'listener'],
    ['of routes', [], 'route'],
    ['of clusters', [], 'cluster'],
    ['of endpoints', [], 'endpoints'],
  ] as const)(
    'a server that has never said a word %s is waited for, however long',
    async (_, listeners, silent) => {
      const service = meshService('be1-srv');
      const at = { address: '127.0.0.1', port: 1 };
      const config = mesh([service], { listeners: [meshListener({ name: 'out', ...at })] });
      const link = linkedClient(variant, listeners);
      const cache = serverWith(config, pods(service, pod('10.0.0.1')));
      const disconnect = link.connect(cache, silent);
      await settled();
      for (link.clock.nowMs = 15_001; link.clock.nowMs < 60_000; link.clock.nowMs += 15_001) {
        link.client.tick();
        await settled();
      }
      expect(link.configs).toEqual([]);
      disconnect();
      link.connect(cache);
      await settled();
      expect(link.configs).toHaveLength(1);
    },
  );

  it('named listeners only', async () => {
    const service = meshService('be1-srv');
    const at = (name: string, port: number) => meshListener({ name, address: '127.0.0.1', port });
    const config = mesh([service], { listeners: [at('in', 1), at('out', 2)] });
    const link = linkedClient(variant, ['out']);
    link.connect(serverWith(config, pods(service, pod('10.0.0.1'))));
    await settled();
    expect(link.configs[0]!.listeners.map(({ name }) => name)).toEqual(['out']);
  });
});

it('delta: a client that reconnects says what it has, and is sent nothing of it again', async () => {
  const service = meshService('be1-srv');
  const cache = serverWith(mesh([service]), pods(service, pod('10.0.0.1')));
  const link = linkedClient('delta');
  link.connect(cache)();
  link.connect(cache);
  await settled();
  const before = link.answers.length;
  expect(before).toBe(4);
  link.client.disconnected();
  link.requests.length = 0;
  link.connect(cache);
  await settled();
  const first = link.requests.find((request) => request.typeUrl.endsWith('ClusterLoadAssignment'));
  expect(first).toMatchObject({
    initialResourceVersions: { 'be1-srv-cluster': expect.any(String) as string },
  });
  // The wildcard of listeners is always answered; it says nothing new.
  expect(link.answers.slice(before).map(({ type }) => type)).toEqual(['listener']);
  expect(link.configs).toHaveLength(1);
});
