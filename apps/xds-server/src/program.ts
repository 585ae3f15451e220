import { Server, ServerCredentials } from '@grpc/grpc-js';
import { dnsResolver } from '@evenly/discovery';
import { AggregatedDiscoveryServiceService } from '@evenly/proto/envoy/service/discovery/v3/ads';
import { listenError, hostPort, ServiceError, type Program } from '@evenly/service';
import { ResourceCache } from '@evenly/xds';
import { AdsService } from './ads-service.ts';
import { options } from './config.ts';
import { createMetrics } from './metrics.ts';
import { followConfigFile, Services } from './services.ts';

export const xdsServer: Program<typeof options> = {
  name: 'xds-server',
  describe: 'Serves the endpoints of services to proxyless gRPC clients by xDS',
  options,
  start: async (config, service) => {
    const metrics = createMetrics(service.metrics);
    const cache = new ResourceCache();
    const resolver = dnsResolver({ servers: config.dnsServers, timeoutMs: config.dnsTimeout });
    const context = { config, resolver, cache, metrics, log: service.log };

    const services = new Services(context);
    const file = await followConfigFile(services, context).catch((error: unknown) => {
      throw new ServiceError('BAD_CONFIG', `cannot use ${config.config}:\n${(error as Error).message}`, {
        cause: error,
      });
    });
    const ads = new AdsService(cache, { ...config, metrics, log: service.log });
    service.admin.get('/status', (_request, response) => {
      response.json({ services: services.status(), clients: ads.clients() });
    });

    const server = new Server(serverOptions);
    server.addService(AggregatedDiscoveryServiceService, ads.implementation);
    const port = await bind(server, config.host, config.port);
    service.listening('xds', { address: config.host, port });

    service.onDrain('discovery', () => {
      file.stop();
      services.stop();
    });
    service.onDrain('xds', async (signal) => {
      signal.addEventListener('abort', () => server.forceShutdown(), { once: true });
      const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      ads.endAll();
      await closed;
    });
  },
};

const serverOptions = {
  // A client that vanished without a word is noticed within half a minute.
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.max_receive_message_length': 1024 * 1024,
};

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(hostPort(host, port), ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(listenError(error, port, '--port')) : resolve(bound),
    );
  });
}
