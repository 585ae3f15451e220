import { dnsResolver } from '@evenly/discovery';
import { lazyKubernetes } from '@evenly/live-mesh';
import type { Program } from '@evenly/service';
import { ResourceCache } from '@evenly/xds';
import { options } from './config.ts';
import { createMetrics } from './metrics.ts';
import { followConfig } from './mesh/follow-config.ts';
import { Mesh } from './mesh/mesh.ts';
import { ClientStreams } from './xds-port/client-streams.ts';
import { clientStatus } from './xds-port/status.ts';
import { listenXds } from './xds-port/xds-port.ts';

export const xdsServer: Program<typeof options> = {
  name: 'xds-server',
  describe: 'Serves the endpoints of services to proxyless gRPC clients and Envoy by xDS',
  options,
  start: async (config, service) => {
    const { log } = service;
    const metrics = createMetrics(service.metrics);
    const cache = new ResourceCache();
    const resolver = dnsResolver({ servers: config.dnsServers, timeoutMs: config.dnsTimeout });
    const { kubeconfig } = config;
    const kubernetes = lazyKubernetes({
      env: service.env,
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
    });
    const context = { resolver, kubernetes, staleMs: config.staleAfter, cache, metrics, log };

    // Before the port opens: a client that is told "no such listener" during a restart would drop what it has.
    const mesh = new Mesh(context, config.envoyXdsCluster);
    const stopFollowing = await followConfig(mesh, { config, log, metrics });
    const streams = new ClientStreams(cache, { ...config, coalesceMs: config.coalesce, metrics, log });
    service.admin.get('/status', (_request, response) => {
      const clients = [...streams.all].map((client) => clientStatus(client, performance.now()));
      response.json({ ...mesh.status(), clients });
    });

    const xds = await listenXds(config, { streams, metrics, log });
    service.listening('xds', { address: config.host, port: xds.port });
    service.onDrain('discovery', () => {
      stopFollowing();
      mesh.stop();
    });
    service.onDrain('xds', (signal) => xds.close(signal));
  },
};
