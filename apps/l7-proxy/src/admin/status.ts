import type { Service } from '@evenly/service';
import type { Mesh } from '../mesh.ts';
import type { Proxy } from '../proxy.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { EndpointPool } from '../upstream/endpoint-pool.ts';

/** `GET /status`: listeners, routes, services with their endpoints and connections, as JSON. */
export function addStatusRoute(admin: Service['admin'], { mesh, proxy }: { mesh: Mesh; proxy: Proxy }): void {
  admin.get('/status', (_request, response) => {
    response.json({
      listeners: proxy.listeners.map((listener) => ({
        name: listener.name,
        connections: listener.connectionCount,
        ...listener.stats,
        routes: listener.routes.map(({ name, route, stats }) => ({
          name,
          match: route.match,
          to: route.to,
          active: stats.active,
        })),
      })),
      unrouted: proxy.unrouted,
      services: [...mesh.clusters].map(clusterStatus),
    });
  });
}

function clusterStatus(cluster: Cluster) {
  const hosts = new Map(cluster.hosts.map((host) => [host.key, host]));
  const endpoint = (pool: EndpointPool) => {
    const host = hosts.get(pool.key);
    return {
      address: pool.key,
      state: pool.isReady
        ? host !== undefined && cluster.isEjected(host)
          ? 'ejected'
          : 'ready'
        : 'unreachable',
      ...(pool.endpoint.hostname === undefined ? {} : { hostname: pool.endpoint.hostname }),
      ...(pool.endpoint.zone === undefined ? {} : { zone: pool.endpoint.zone }),
      connections: pool.connectionCount,
      active: host?.stats.active ?? 0,
      calls: pool.calls,
      failures: pool.failures,
      ...(pool.lastError === undefined ? {} : { error: pool.lastError }),
    };
  };
  const { breaker } = cluster;
  return {
    name: cluster.name,
    source: cluster.sourceDescription,
    loadBalancing: cluster.policy.loadBalancing,
    underWay: breaker.underWay('request'),
    waiting: cluster.waiting.size,
    endpoints: [...cluster.pools].map(endpoint),
    ...(cluster.sourceError === undefined ? {} : { error: cluster.sourceError }),
  };
}
