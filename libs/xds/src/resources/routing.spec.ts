import { Cluster_LbPolicy } from '@evenly/proto/envoy/config/cluster/v3/cluster';
import { listenerDefaults, type HeaderMatch, type Route } from '@evenly/mesh-config';
import type { Route as XdsRoute, RouteAction } from '@evenly/proto/envoy/config/route/v3/route_components';
import { HTTPFault } from '@evenly/proto/envoy/extensions/filters/http/fault/v3/fault';
import { describe, expect, it } from 'vitest';
import { clientNames } from '../client-support/clients.ts';
import { unsupported } from '../client-support/unsupported.ts';
import { nodeKinds, type NodeKind } from '../node.ts';
import { mesh, meshRoute, meshService } from '../testing/mesh.ts';
import { managerOf, serveRouting } from '../testing/served-routing.ts';

const one = mesh([meshService('be1-srv')]);

describe('for gRPC clients', () => {
  it('a service is a listener of its own name, with the router as its only and last filter', () => {
    const listener = serveRouting(one).get('listener', 'be1-srv')!;
    const manager = managerOf(listener);
    expect(manager.routeSpecifier).toMatchObject({
      $case: 'rds',
      value: { routeConfigName: 'be1-srv-route', configSource: { configSourceSpecifier: { $case: 'ads' } } },
    });
    expect(manager.httpFilters.map(({ name }) => name)).toEqual(['envoy.filters.http.router']);
    expect(manager.xffNumTrustedHops).toBe(0);
  });

  it('everything of its domain goes to its cluster, round robin, with endpoints over ADS', () => {
    const { get } = serveRouting(one);
    expect(get('route', 'be1-srv-route')).toMatchObject({
      name: 'be1-srv-route',
      virtualHosts: [
        {
          name: 'be1-srv-vs',
          domains: ['be1-srv', 'be1-srv:*', '*'],
          routes: [
            {
              match: { pathSpecifier: { $case: 'prefix', value: '' } },
              action: { value: { clusterSpecifier: { $case: 'cluster', value: 'be1-srv-cluster' } } },
            },
          ],
        },
      ],
    });
    expect(get('cluster', 'be1-srv-cluster')).toMatchObject({
      name: 'be1-srv-cluster',
      clusterDiscoveryType: { $case: 'type', value: 3 },
      lbPolicy: 0,
      edsClusterConfig: { edsConfig: { configSourceSpecifier: { $case: 'ads' } } },
    });
  });

  it('routes keep the order of the file, and only those that hold for the authority are sent', () => {
    const canary = meshRoute('be1-srv', 'be1-v2', {
      name: 'canary',
      match: {
        authority: 'be1-srv',
        path: { kind: 'regex', value: '/echo\\..*' },
        method: 'POST',
        headers: [
          { name: 'x-canary', kind: 'exact', value: 'always', invert: false },
          { name: 'x-test', kind: 'present', invert: true },
        ],
      },
    });
    const anywhere = {
      ...meshRoute('x', 'be2-srv'),
      match: { path: { kind: 'exact' as const, value: '/a/b' }, headers: [] },
    };
    const config = mesh(
      ['be1-srv', 'be1-v2', 'be2-srv'].map((name) => meshService(name)),
      {
        routes: [canary, meshRoute('other', 'be2-srv'), anywhere, meshRoute('be1-srv', 'be1-srv')],
      },
    );
    const [host] = serveRouting(config).get('route', 'be1-srv-route')!.virtualHosts;
    expect(host?.routes.map(({ match }) => match?.pathSpecifier?.$case)).toEqual([
      'safeRegex',
      'path',
      'prefix',
    ]);
    expect(host?.routes[0]).toMatchObject({
      name: 'canary',
      match: {
        headers: [
          {
            name: 'x-canary',
            headerMatchSpecifier: { value: { matchPattern: { $case: 'exact', value: 'always' } } },
          },
          { name: 'x-test', headerMatchSpecifier: { $case: 'presentMatch', value: true }, invertMatch: true },
        ],
      },
    });
  });

  const hostsFor = (name: string, routes: Route[]) =>
    serveRouting(
      mesh(
        ['can', 'be1', 'be2'].map((one) => meshService(one)),
        { routes },
      ),
    ).get('route', name)!.virtualHosts;
  const clusterOf = ({ action }: XdsRoute) =>
    action?.$case === 'route' && action.value.clusterSpecifier?.$case === 'cluster'
      ? action.value.clusterSpecifier.value
      : undefined;

  it('a target gets the routes of its host, with a port or without; its own are for all other authorities too', () => {
    const routes = [
      meshRoute('shop', 'can', {
        match: { authority: 'shop', path: { kind: 'exact', value: '/a/b' }, headers: [] },
      }),
      meshRoute('shop:9000', 'be2'),
      meshRoute('shop', 'be1'),
    ];
    const told = (name: string) =>
      hostsFor(name, routes).map(({ domains, routes: own }) => [domains, own.map(clusterOf)]);
    const ofHost = ['can-cluster', 'be1-cluster'];
    const ofPort = ['can-cluster', 'be2-cluster', 'be1-cluster'];
    expect(told('shop-route')).toEqual([
      [['shop', 'shop:*', '*'], ofHost],
      [['shop:9000'], ofPort],
    ]);
    expect(told('shop:9000-route')).toEqual([
      [['shop', 'shop:*'], ofHost],
      [['shop:9000', '*'], ofPort],
    ]);
  });

  it('a host that is named with a port only is a target with another too, for routes of any authority', () => {
    const any = {
      ...meshRoute('', 'can'),
      match: { path: { kind: 'prefix' as const, value: '/a' }, headers: [] },
    };
    const hosts = hostsFor('shop-route', [meshRoute('shop:9000', 'be2'), any]);
    expect(hosts.map(({ domains, routes }) => [domains, routes.map(clusterOf)])).toEqual([
      [['shop:9000'], ['be2-cluster', 'can-cluster']],
      [['shop', 'shop:*', '*'], ['can-cluster']],
    ]);
  });

  it('conditions on what only the transport knows are settled, or the route is not sent, and that is said', () => {
    const header = (name: string, rest: object) => ({ name, invert: false, ...rest }) as HeaderMatch;
    const asks = (service: string, match: Partial<Route['match']>) =>
      meshRoute('shop', service, {
        name: service,
        match: { authority: 'shop', path: { kind: 'prefix', value: '' }, headers: [], ...match },
      });
    const agent = header('user-agent', { kind: 'prefix', value: 'grpc-node' });
    const routes = [
      asks('can', { method: 'GET' }),
      asks('be1', { headers: [agent] }),
      asks('be2', { headers: [{ ...agent, invert: true }] }),
      asks('can', { headers: [header('te', { kind: 'present', invert: true })] }),
      asks('be1', {
        method: 'POST',
        headers: [
          header('te', { kind: 'exact', value: 'trailers' }),
          header('content-type', { kind: 'prefix', value: 'application/grpc' }),
          header('user-agent', { kind: 'present' }),
          header('x-a', { kind: 'present' }),
        ],
      }),
    ];
    const [host] = hostsFor('shop-route', routes);
    expect(host!.routes.map((one) => [clusterOf(one), one.match!.headers.map(({ name }) => name)])).toEqual([
      ['be1-cluster', ['x-a']],
    ]);
    const config = mesh(
      ['can', 'be1', 'be2'].map((one) => meshService(one)),
      { routes },
    );
    const clients = ['grpc-js', 'grpc-go', 'grpc-core', 'grpc-java'];
    const ofGrpc = unsupported(config).filter((one) => !one.clients.includes('envoy'));
    expect(ofGrpc).toMatchObject([
      { service: 'be1', field: 'a condition on user-agent of route be1', clients },
      { service: 'be2', field: 'a condition on user-agent of route be2', clients },
    ]);
  });

  it('grpc-java gets a cluster where no route has one, by a route that no call takes', () => {
    const config = mesh([meshService('be1')], {
      routes: [meshRoute('shop:9000', 'be1')],
    });
    const routesFor = (kind: NodeKind) =>
      serveRouting(config, kind)
        .get('route', 'shop-route')!
        .virtualHosts.find(({ domains }) => domains.includes('shop'))!.routes;
    expect(routesFor('grpc-go')).toEqual([]);
    const [only, ...others] = routesFor('grpc-java');
    expect(only!.match!.pathSpecifier).toEqual({ $case: 'path', value: '' });
    expect(clusterOf(only!)).toBe('be1-cluster');
    expect(others).toEqual([]);
  });

  it('regular expressions with alternatives are grouped; inverted conditions ask for the header first', () => {
    const regex = (value: string) => ({ kind: 'regex' as const, value });
    const asks = (value: string) =>
      hostsFor('shop-route', [
        meshRoute('shop', 'be1', {
          match: {
            authority: 'shop',
            path: regex(value),
            headers: [{ name: 'x', ...regex(value), invert: true }],
          },
        }),
      ])[0]!.routes[0]!.match!;
    const sent = (value: string) => {
      const { pathSpecifier } = asks(value);
      return pathSpecifier?.$case === 'safeRegex' ? pathSpecifier.value.regex : undefined;
    };
    expect(sent('blue|green')).toBe('(?:blue|green)');
    expect(sent('blue')).toBe('blue');
    expect(sent('\\Qa|b')).toBe('(?:\\Qa|b\\E)');
    expect(asks('a|b').headers).toMatchObject([
      { name: 'x', headerMatchSpecifier: { $case: 'presentMatch', value: true }, invertMatch: false },
      {
        name: 'x',
        headerMatchSpecifier: { value: { matchPattern: { value: { regex: '(?:a|b)' } } } },
        invertMatch: true,
      },
    ]);
  });

  it('weights become weighted clusters, subsets clusters of their own; a weight of 0 is left out', () => {
    const to = (v1: number, v2: number) => [
      { service: 'be1-srv', weight: v1 },
      { service: 'be1-srv', subset: 'v2', weight: v2 },
    ];
    const action = (v1: number, v2: number) => {
      const config = mesh([meshService('be1-srv', {}, ['v2'])], {
        routes: [meshRoute('be1-srv', 'be1-srv', { to: to(v1, v2) })],
      });
      const { get, names } = serveRouting(config);
      expect(names('cluster')).toEqual(['be1-srv-cluster', 'be1-srv/v2-cluster']);
      const route = get('route', 'be1-srv-route')!.virtualHosts[0]!.routes[0]!;
      return route.action?.$case === 'route' ? route.action.value.clusterSpecifier : undefined;
    };
    expect(action(95, 5)).toMatchObject({
      $case: 'weightedClusters',
      value: {
        clusters: [
          { name: 'be1-srv-cluster', weight: 95 },
          { name: 'be1-srv/v2-cluster', weight: 5 },
        ],
      },
    });
    expect(action(0, 100)).toEqual({ $case: 'cluster', value: 'be1-srv/v2-cluster' });
  });

  it('time-outs, retries, hash header and faults come from the service, or from the route', () => {
    const backoff = { baseMs: 25, maxMs: 250 };
    const config = mesh(
      [meshService('be1-srv', { timeoutMs: 5000, loadBalancing: 'ring-hash', hashHeader: 'x-user' })],
      {
        routes: [
          meshRoute('be1-srv', 'be1-srv', {
            retry: { attempts: 3, on: ['UNAVAILABLE', 'RESOURCE_EXHAUSTED'], backoff },
            fault: { delay: { durationMs: 1500, percent: 0.5 }, abort: { code: 'UNAVAILABLE', percent: 10 } },
          }),
        ],
      },
    );
    const { get } = serveRouting(config);
    const route = get('route', 'be1-srv-route')!.virtualHosts[0]!.routes[0]!;
    expect(route.action).toMatchObject({
      value: {
        timeout: { seconds: 5n },
        maxStreamDuration: { maxStreamDuration: { seconds: 5n } },
        retryPolicy: { retryOn: 'unavailable,resource-exhausted', numRetries: 2 },
        hashPolicy: [{ policySpecifier: { $case: 'header', value: { headerName: 'x-user' } } }],
      },
    });
    expect(HTTPFault.decode(route.typedPerFilterConfig['envoy.filters.http.fault']!.value)).toMatchObject({
      delay: {
        faultDelaySecifier: { value: { seconds: 1n, nanos: 500_000_000 } },
        percentage: { numerator: 5000 },
      },
      abort: { errorType: { $case: 'grpcStatus', value: 14 }, percentage: { numerator: 100_000 } },
    });
    const filters = managerOf(get('listener', 'be1-srv')!).httpFilters;
    expect(filters.map(({ name, isOptional }) => [name, isOptional])).toEqual([
      ['envoy.filters.http.fault', true],
      ['envoy.filters.http.router', false],
    ]);
    expect(get('cluster', 'be1-srv-cluster')?.lbPolicy).toBe(2);
  });

  it('outlier detection and circuit breaker are sent; what these clients do not support is not, and said', () => {
    const config = mesh([
      meshService('be1-srv', {
        loadBalancing: 'least-request',
        slowStart: { windowMs: 1000, aggression: 1, minWeightPercent: 10 },
        circuitBreaker: { maxRequests: 7, maxPendingRequests: 1, maxConnections: 1, maxRetries: 1 },
        outlierDetection: {
          consecutiveFailures: 5,
          intervalMs: 1000,
          baseEjectionTimeMs: 2000,
          maxEjectionTimeMs: 10_000,
          maxEjectionPercent: 20,
          failurePercentage: {
            thresholdPercent: 50,
            enforcementPercent: 100,
            minimumHosts: 2,
            requestVolume: 10,
          },
        },
      }),
    ]);
    expect(serveRouting(config).get('cluster', 'be1-srv-cluster')).toMatchObject({
      lbPolicy: 0,
      circuitBreakers: { thresholds: [{ maxRequests: 7 }] },
      outlierDetection: {
        enforcingSuccessRate: 0,
        failurePercentageThreshold: 50,
        maxEjectionPercent: 20,
        alwaysEjectOneHost: true,
      },
      lbConfig: undefined,
    });
    const forPython = unsupported(config).filter(({ clients }) => clients.includes('grpc-core'));
    expect(forPython.map(({ field }) => field)).toEqual([
      'policy.loadBalancing: least-request',
      'policy.slowStart',
      'policy.outlierDetection.consecutiveFailures',
      'policy.outlierDetection',
      'policy.circuitBreaker',
    ]);
    expect(unsupported(one)).toEqual([]);
  });

  it('no circuit breaker is no limit, for all who have limits of their own', () => {
    const limits = (kind: NodeKind) =>
      serveRouting(one, kind).get('cluster', 'be1-srv-cluster')?.circuitBreakers;
    const none = 2 ** 31 - 1;
    const all = { maxRequests: none, maxPendingRequests: none, maxConnections: none, maxRetries: none };
    for (const kind of ['grpc', 'grpc-js', 'grpc-go', 'envoy', 'envoy-separate'] as const) {
      expect(limits(kind), kind).toMatchObject({ thresholds: [all] });
    }
    expect(limits('proxy')).toBeUndefined();
  });

  it('C-core, which takes up to two seconds off a timeout (grpc#34547), gets them added', () => {
    const config = mesh([meshService('be1-srv', { timeoutMs: 400 })]);
    const sent = (kind: NodeKind) => {
      const [host] = serveRouting(config, kind).get('route', 'be1-srv-route')!.virtualHosts;
      const action = host!.routes[0]!.action!.value as RouteAction;
      return action.maxStreamDuration!.maxStreamDuration;
    };
    expect(sent('grpc-core')).toEqual({ seconds: 2n, nanos: 400_000_000 });
    for (const kind of ['grpc', 'grpc-js', 'grpc-go', 'grpc-java'] as const)
      expect(sent(kind), kind).toEqual({ seconds: 0n, nanos: 400_000_000 });
  });

  it('hedging is said to be unsupported, by all: of a service, and of a route, which gets no retries instead', () => {
    const hedge = { attempts: 2, delayMs: 50, nonFatal: [] };
    const retry = { attempts: 2, on: ['UNAVAILABLE' as const], backoff: { baseMs: 1, maxMs: 2 } };
    const config = mesh([meshService('be1-srv', { hedge }), meshService('be2-srv', { retry })], {
      routes: [{ ...meshRoute('be2-srv', 'be2-srv'), name: 'search', hedge }],
    });
    const saidOfHedges = unsupported(config).filter(({ field }) => field.includes('hedge'));
    expect(saidOfHedges).toMatchObject([
      { service: 'be1-srv', field: 'policy.hedge', clients: clientNames },
      { service: 'be2-srv', field: 'hedge of route search', clients: clientNames },
    ]);
    const sent = serveRouting(config).get('route', 'be2-srv-route')!;
    const actions = sent.virtualHosts.flatMap(({ routes }) => routes.map(({ action }) => action?.value));
    expect(actions[0]).toMatchObject({ retryPolicy: undefined });
  });

  it('least request is sent to those who take it; others would refuse the cluster, or pass over weights', () => {
    const config = mesh([meshService('be1-srv', { loadBalancing: 'least-request' })]);
    const policies = (['grpc', 'grpc-js', 'grpc-core', 'grpc-go', 'grpc-java'] as const).map(
      (kind) => serveRouting(config, kind).get('cluster', 'be1-srv-cluster')?.lbPolicy,
    );
    expect(policies).toEqual([0, 0, 0, 0, 1]);
  });

  it('random is sent to Envoy, which has it; gRPC clients would refuse the cluster', () => {
    const config = mesh([meshService('be1-srv', { loadBalancing: 'random' })]);
    const policyOf = (kind: NodeKind) =>
      serveRouting(config, kind).get('cluster', 'be1-srv-cluster')?.lbPolicy;
    const { RANDOM, ROUND_ROBIN } = Cluster_LbPolicy;
    const expected = ['envoy', 'envoy-separate', 'proxy'];
    for (const kind of nodeKinds)
      expect(policyOf(kind), kind).toBe(expected.includes(kind) ? RANDOM : ROUND_ROBIN);
  });

  it('the sum of weights is sent, which old grpc-js-xds take for 100', () => {
    const to = [
      { service: 'be1-srv', weight: 500 },
      { service: 'be2-srv', weight: 500 },
    ];
    const config = mesh([meshService('be1-srv'), meshService('be2-srv')], {
      routes: [meshRoute('be1-srv', 'be1-srv', { to })],
    });
    expect(serveRouting(config).get('route', 'be1-srv-route')!.virtualHosts[0]!.routes[0]).toMatchObject({
      action: { value: { clusterSpecifier: { value: { totalWeight: 1000 } } } },
    });
  });

  it('sockets are not for them, and a service may have the name of a listener', () => {
    const config = mesh([meshService('be1-srv')], {
      listeners: [{ name: 'be1-srv', address: '0.0.0.0', port: 8080, ...listenerDefaults }],
    });
    expect(serveRouting(config).get('listener', 'be1-srv')?.address).toBeUndefined();
    expect(serveRouting(config, 'envoy').get('listener', 'be1-srv')?.apiListener).toBeUndefined();
  });
});
