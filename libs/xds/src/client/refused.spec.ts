import type { Cluster } from '@evenly/proto/envoy/config/cluster/v3/cluster';
import { Cluster_LbPolicy } from '@evenly/proto/envoy/config/cluster/v3/cluster';
import type { ClusterLoadAssignment } from '@evenly/proto/envoy/config/endpoint/v3/endpoint';
import type { Listener } from '@evenly/proto/envoy/config/listener/v3/listener';
import type { RouteConfiguration } from '@evenly/proto/envoy/config/route/v3/route';
import { RedirectAction } from '@evenly/proto/envoy/config/route/v3/route_components';
import { describe, expect, it } from 'vitest';
import { resource, type Resource } from '../resource.ts';
import { ResourceCache } from '../resource-cache.ts';
import { codecs, type ResourceType } from '../resource-type.ts';
import { endpointAssignment } from '../resources/endpoints.ts';
import { endpointSet } from '@evenly/endpoints';
import { message } from '../resources/message.ts';
import { routingResources } from '../resources/routing.ts';
import { anonymousNode } from '../node.ts';
import { linkedClient, settled } from '../testing/client-link.ts';
import { mesh, meshListener, meshService } from '../testing/mesh.ts';

const service = meshService('be1-srv');
const config = mesh([service], {
  listeners: [meshListener({ name: 'in', address: '127.0.0.1', port: 18_080 })],
});

/** Everything as our own proxy gets it. */
function goodResources(): Resource[] {
  const cache = new ResourceCache();
  cache.replace('routing', routingResources(config));
  const { locality, policy } = service;
  const pods = endpointSet([{ address: '10.0.0.1', port: 50_051, state: 'ready' }]);
  cache.replace('pods', [endpointAssignment({ name: 'be1-srv-cluster', locality, policy }, pods)]);
  const node = { ...anonymousNode, kind: 'proxy' as const };
  return Object.keys(codecs).flatMap((type) => cache.all(type as ResourceType, node));
}

/** The good ones, and one of them changed. */
function withChanged<M>(type: ResourceType, name: string, change: (message: M) => void): Resource[] {
  return goodResources().map((item) => {
    if (item.type !== type || item.name !== name) return item;
    const codec = codecs[type] as unknown as {
      decode(bytes: Uint8Array): M;
      encode(message: M): { finish(): Uint8Array };
    };
    const message = codec.decode(item.encoded);
    change(message);
    return resource(type, name, codec.encode(message).finish(), item.refs);
  });
}

const listener = (change: (listener: Listener) => void) => withChanged('listener', 'in', change);
const route = (change: (routes: RouteConfiguration) => void) =>
  withChanged('route', 'listener/in-route', change);
const cluster = (change: (cluster: Cluster) => void) => withChanged('cluster', 'be1-srv-cluster', change);
const endpoints = (change: (assignment: ClusterLoadAssignment) => void) =>
  withChanged('endpoints', 'be1-srv-cluster', change);
const firstRoute = (routes: RouteConfiguration) => routes.virtualHosts[0]!.routes[0]!;
const actionOf = (routes: RouteConfiguration) => {
  const { action } = firstRoute(routes);
  if (action?.$case !== 'route') throw new Error('no route action');
  return action.value;
};
const packed = (typeUrl: string) => ({ typeUrl, value: Buffer.alloc(0) });
const tls = { name: 'tls', configType: undefined };

describe('what the client cannot do is rejected with the name and the reason, and the last good stays', () => {
  it.each<[string, string, () => Resource[]]>([
    [
      'listener "in"',
      'DownstreamTlsContext',
      () => listener((one) => void (one.filterChains[0]!.transportSocket = tls)),
    ],
    ['listener "in"', 'one filter chain', () => listener((one) => void (one.filterChains = []))],
    ['listener "in"', 'IP address', () => listener((one) => void (one.address = undefined))],
    [
      'listener "in"',
      'only HTTP connection managers',
      () =>
        listener((one) => {
          const value = packed('type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy');
          one.filterChains[0]!.filters[0]!.configType = { $case: 'typedConfig', value };
        }),
    ],
    [
      'route "listener/in-route"',
      'suffixMatch is not supported',
      () =>
        route((one) => {
          const match = { $case: 'suffixMatch' as const, value: 'x' };
          const header = {
            name: 'a',
            headerMatchSpecifier: match,
            invertMatch: false,
            treatMissingHeaderAsEmpty: false,
          };
          firstRoute(one).match!.headers.push(header);
        }),
    ],
    [
      'route "listener/in-route"',
      'regular expression',
      () =>
        route((one) => {
          const value = { regex: '(', engineType: undefined };
          firstRoute(one).match!.pathSpecifier = { $case: 'safeRegex', value };
        }),
    ],
    [
      'route "listener/in-route"',
      'the domain *-shop.example.org is not supported',
      () => route((one) => void one.virtualHosts[0]!.domains.push('*-shop.example.org')),
    ],
    [
      'route "listener/in-route"',
      'header "host" must not be a field that says how a message is framed or routed',
      () => route((one) => void (firstRoute(one).requestHeadersToRemove = ['host'])),
    ],
    [
      'route "listener/in-route"',
      'header x-peer: only values are added, no %COMMANDS%',
      () =>
        route((one) => {
          const header = { key: 'x-peer', value: '%DOWNSTREAM_REMOTE_ADDRESS%', rawValue: Buffer.alloc(0) };
          const option = { header, append: undefined, appendAction: 2, keepEmptyValue: false } as const;
          firstRoute(one).responseHeadersToAdd = [option];
        }),
    ],
    [
      'route "listener/in-route"',
      'header changes of a virtual host',
      () => route((one) => void (one.virtualHosts[0]!.responseHeadersToRemove = ['x-a'])),
    ],
    [
      'route "listener/in-route"',
      'of regex_rewrite only',
      () =>
        route((one) => {
          const pattern = { regex: 'one', engineType: undefined };
          actionOf(one).regexRewrite = { pattern, substitution: 'two' };
        }),
    ],
    [
      'route "listener/in-route"',
      'prefix_rewrite must be printable ASCII',
      () => route((one) => void (actionOf(one).prefixRewrite = '/b\r\nx: 1')),
    ],
    [
      'route "listener/in-route"',
      'only host_rewrite_literal',
      () =>
        route((one) => {
          actionOf(one).hostRewriteSpecifier = { $case: 'hostRewriteHeader', value: 'x-host' };
        }),
    ],
    [
      'route "listener/in-route"',
      'scheme_redirect must be http or https',
      () =>
        route((one) => {
          const schemeRewriteSpecifier = { $case: 'schemeRedirect' as const, value: 'ftp' };
          const value = message(RedirectAction, { schemeRewriteSpecifier });
          firstRoute(one).action = { $case: 'redirect', value };
        }),
    ],
    [
      'route "listener/in-route"',
      'path_separated_prefix',
      () =>
        route(
          (one) =>
            void (firstRoute(one).match!.pathSpecifier = { $case: 'pathSeparatedPrefix', value: '/a/' }),
        ),
    ],
    [
      'route "listener/in-route"',
      'only routes to clusters',
      () => route((one) => void (firstRoute(one).action = undefined)),
    ],
    [
      'route "listener/in-route"',
      'weights that are all 0',
      () =>
        route((one) => {
          const weightedClusters = { clusters: [], runtimeKeyPrefix: '' };
          actionOf(one).clusterSpecifier = { $case: 'weightedClusters', value: weightedClusters };
        }),
    ],
    [
      'cluster "be1-srv-cluster"',
      'type EDS',
      () => cluster((one) => void (one.clusterDiscoveryType = { $case: 'type', value: 0 })),
    ],
    [
      'cluster "be1-srv-cluster"',
      'UpstreamTlsContext',
      () => cluster((one) => void (one.transportSocket = tls)),
    ],
    [
      'cluster "be1-srv-cluster"',
      'lb_policy MAGLEV',
      () =>
        cluster((one) => {
          one.metadata = undefined;
          one.lbPolicy = Cluster_LbPolicy.MAGLEV;
        }),
    ],
    [
      'endpoints "be1-srv-cluster"',
      'without a gap',
      () => endpoints((one) => void (one.endpoints[0]!.priority = 1)),
    ],
    [
      'endpoints "be1-srv-cluster"',
      'IP address',
      () => endpoints((one) => void (one.endpoints[0]!.lbEndpoints[0]!.hostIdentifier = undefined)),
    ],
  ])('%s: %s', async (what, reason, bad) => {
    const cache = new ResourceCache();
    cache.replace('all', goodResources());
    const link = linkedClient('delta');
    link.connect(cache);
    await settled();
    expect(link.configs).toHaveLength(1);

    cache.replace('all', bad());
    await settled();
    const errors = link.answers.flatMap(({ error }) => error ?? []);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(what);
    expect(errors[0]).toContain(reason);
    expect(link.configs).toHaveLength(1);
    const rejected = Object.values(link.client.status().types).flatMap((type) => Object.keys(type.rejected));
    expect(rejected).toEqual([what.split('"')[1]]);

    // It is mended.
    cache.replace('all', goodResources());
    await settled();
    expect(link.client.status().types).toMatchObject({
      cluster: { rejected: {} },
      endpoints: { rejected: {} },
    });
  });

  it('bytes that are no message', async () => {
    const cache = new ResourceCache();
    const broken = goodResources().map((item) =>
      item.type === 'cluster'
        ? resource('cluster', item.name, Buffer.from([0x0a, 0xff, 0xff]), item.refs)
        : item,
    );
    cache.replace('all', broken);
    const link = linkedClient('sotw');
    link.connect(cache);
    await settled();
    expect(link.answers).toContainEqual({
      type: 'cluster',
      error: expect.stringContaining('cluster') as string,
    });
    expect(link.configs).toEqual([]);
  });
});

it('what is unsupported in a resource that is taken is said', async () => {
  const cache = new ResourceCache();
  const all = route((one) => {
    actionOf(one).retryPolicy = { ...RetryPolicyDefaults, retryOn: '5xx,unavailable', numRetries: 1 };
    actionOf(one).hashPolicy = [
      { policySpecifier: { $case: 'connectionProperties', value: { sourceIp: true } }, terminal: false },
    ];
  });
  cache.replace('all', all);
  const link = linkedClient('delta');
  link.connect(cache);
  await settled();
  expect(link.configs[0]!.listeners[0]!.virtualHosts![0]!.routes[0]!.retry).toMatchObject({
    attempts: 2,
    on: ['UNAVAILABLE'],
  });
  expect(link.warnings.join('\n')).toContain('retry_on 5xx is unsupported');
  expect(link.warnings.join('\n')).toContain('connectionProperties is unsupported');
});

const RetryPolicyDefaults = {
  retryHostPredicate: [],
  retryOptionsPredicates: [],
  hostSelectionRetryMaxAttempts: 0n,
  retriableStatusCodes: [],
  retriableHeaders: [],
  retriableRequestHeaders: [],
};
