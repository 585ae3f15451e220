import { listenerDefaults } from '@evenly/mesh-config';
import { HttpConnectionManager } from '@evenly/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager';
import { describe, expect, it } from 'vitest';
import type { NodeKind } from '../node.ts';
import { mesh, meshRoute, meshService } from '../testing/mesh.ts';
import { serveRouting } from '../testing/served-routing.ts';

describe('for Envoy', () => {
  const config = mesh([meshService('be1-srv', { loadBalancing: 'least-request' }), meshService('be2-srv')], {
    listeners: [{ name: 'ingress', address: '0.0.0.0', port: 8080, ...listenerDefaults, grpcWeb: true }],
    routes: [
      meshRoute('api:9000', 'be2-srv'),
      { ...meshRoute('', 'be1-srv'), match: { path: { kind: 'prefix', value: '/echo.' }, headers: [] } },
    ],
  });

  it('listeners have sockets, and gRPC-Web where it is asked for', () => {
    const { get, names } = serveRouting(config, 'envoy');
    expect(names('listener')).toEqual(['ingress']);
    const listener = get('listener', 'ingress')!;
    expect(listener.address).toMatchObject({
      address: { value: { address: '0.0.0.0', portSpecifier: { value: 8080 } } },
    });
    const filter = listener.filterChains[0]!.filters[0]!;
    const manager =
      filter.configType?.$case === 'typedConfig'
        ? HttpConnectionManager.decode(filter.configType.value.value)
        : undefined;
    expect(manager?.httpFilters.map(({ name }) => name)).toEqual([
      'envoy.filters.http.grpc_web',
      'envoy.filters.http.router',
    ]);
    // REJECT_REQUEST: what our own proxy does.
    expect(manager).toMatchObject({
      normalizePath: true,
      mergeSlashes: true,
      pathWithEscapedSlashesAction: 2,
    });
  });

  it('each authority is a virtual host, with any port unless it names one; the rest is a last one', () => {
    const { get } = serveRouting(config, 'envoy');
    const hosts = get('route', 'listener/ingress-route')!.virtualHosts;
    expect(hosts.map(({ domains }) => domains)).toEqual([
      ['api:9000'],
      ['be1-srv', 'be1-srv:*'],
      ['be2-srv', 'be2-srv:*'],
      ['*'],
    ]);
    expect(hosts.map(({ routes }) => routes.length)).toEqual([2, 2, 2, 1]);
    const { action } = hosts[0]!.routes[0]!;
    expect(action).toMatchObject({ value: { timeout: { seconds: 0n, nanos: 0 } } }); // not Envoy's 15 s
  });

  it('clusters speak HTTP/2 and take what gRPC clients cannot', () => {
    const { get } = serveRouting(config, 'envoy');
    const cluster = get('cluster', 'be1-srv-cluster')!;
    expect(cluster.lbPolicy).toBe(1);
    expect(Object.keys(cluster.typedExtensionProtocolOptions)).toEqual([
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
    ]);
    expect(cluster.commonLbConfig?.healthyPanicThreshold?.value).toBe(50);
  });

  it('retries what did not get an answer too, on another endpoint; own proxies get the codes alone', () => {
    const retry = { attempts: 3, on: ['UNAVAILABLE' as const], backoff: { baseMs: 25, maxMs: 250 } };
    const retrying = { ...config, routes: [meshRoute('api', 'be2-srv', { retry })] };
    const sent = (kind: NodeKind) => {
      const { action } = serveRouting(retrying, kind).get('route', 'listener/ingress-route')!.virtualHosts[0]!
        .routes[0]!;
      return action?.$case === 'route' ? action.value.retryPolicy : undefined;
    };
    expect(sent('envoy')).toMatchObject({
      retryOn: 'unavailable,connect-failure,refused-stream,reset',
      numRetries: 2,
      retryHostPredicate: [{ name: 'envoy.retry_host_predicates.previous_hosts' }],
      hostSelectionRetryMaxAttempts: 5n,
    });
    expect(sent('proxy')).toMatchObject({ retryOn: 'unavailable', retryHostPredicate: [] });
  });

  it('with separate streams routes and endpoints come from the cluster of its bootstrap, not from ADS', () => {
    const { get } = serveRouting(config, 'envoy-separate');
    expect(
      get('cluster', 'be1-srv-cluster')?.edsClusterConfig?.edsConfig?.configSourceSpecifier,
    ).toMatchObject({
      $case: 'apiConfigSource',
      value: { grpcServices: [{ targetSpecifier: { value: { clusterName: 'xds_cluster' } } }] },
    });
  });
});
