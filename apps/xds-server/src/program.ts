import { dnsResolver } from '@evenly/discovery';
import { ServiceError, type Program } from '@evenly/service';
import { ResourceCache } from '@evenly/xds';
import { options } from './config.ts';
import { createMetrics } from './metrics.ts';
import { followConfigFile, Services } from './services.ts';
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
    const context = { config, resolver, cache, metrics, log };

    // Before the port opens: a client that is told "no such listener" during a restart would drop what it has.
    const services = new Services(context);
    const file = await followConfigFile(services, context).catch((error: unknown) => {
      throw new ServiceError('BAD_CONFIG', `cannot use ${config.config}:\n${(error as Error).message}`, {
        cause: error,
      });
    });
    const streams = new ClientStreams(cache, { ...config, coalesceMs: config.coalesce, metrics, log });
    service.admin.get('/status', (_request, response) => {
      const clients = [...streams.all].map((client) => clientStatus(client, performance.now()));
      response.json({ services: services.status(), clients });
    });

    const xds = await listenXds(config, { streams, metrics, log });
    service.listening('xds', { address: config.host, port: xds.port });
    service.onDrain('discovery', () => {
      file.stop();
      services.stop();
    });
    service.onDrain('xds', (signal) => xds.close(signal));
  },
};
