import { promisify } from 'node:util';
import { Server, ServerCredentials, type ServerInterceptor, type ServerOptions } from '@grpc/grpc-js';
import { EchoServerService } from '@evenly/proto/echo/echo';
import { hostPort, listenError } from '@evenly/service';
import { HealthImplementation } from 'grpc-health-check';
import type { LiveBehaviour } from './behaviour.ts';
import { Calls } from './calls.ts';
import type { EchoBackendConfig } from './config.ts';
import { echoService } from './echo-service.ts';
import type { CallMetrics } from './metrics.ts';
import { addReflection } from './reflection.ts';

/** "" is the server as a whole, by the health checking protocol. */
const healthServices = ['', 'echo.EchoServer'] as const;

/** Per connection. A client that opens more waits: a limit that no experiment here comes near. */
const maxConcurrentStreams = 10_000;

/** A gRPC server that listens. */
export interface EchoServer {
  address: string;
  port: number;
  /**
   * Says NOT_SERVING, sends GOAWAY, lets calls in flight finish.
   * @param signal when it aborts, the calls that are left are cut
   */
  stop(signal: AbortSignal): Promise<void>;
}

/**
 * Starts the echo service, health and reflection on one port.
 * @param interceptors see every call before the others do
 * @throws ServiceError PORT_IN_USE or CANNOT_LISTEN
 */
export async function startEchoServer(
  config: Pick<EchoBackendConfig, 'host' | 'port' | 'name' | 'maxConnectionAge' | 'maxConnectionAgeGrace'>,
  behaviour: LiveBehaviour,
  metrics: CallMetrics,
  interceptors: readonly ServerInterceptor[] = [],
): Promise<EchoServer> {
  const calls = new Calls(metrics);
  const server = new Server({
    ...connectionOptions(config),
    interceptors: [...interceptors, calls.interceptor],
  });
  const health = new HealthImplementation();
  server.addService(EchoServerService, echoService(config.name, behaviour, Math.random));
  health.addToServer(server);
  addReflection(server);

  let stopping = false;
  behaviour.watch(({ healthy, hang }) => {
    const serving = healthy && !stopping ? 'SERVING' : 'NOT_SERVING';
    for (const service of healthServices) health.setStatus(service, serving);
    calls.hanging = hang;
  });

  const port = await listen(server, config.host, config.port);
  return {
    address: config.host,
    port,
    stop: async (signal) => {
      stopping = true;
      // Calls that hang would never finish, and a person who stops the pod wants it to end.
      behaviour.change({ hang: false });
      calls.endOpenEnded();
      if (signal.aborted) server.forceShutdown();
      else signal.addEventListener('abort', () => server.forceShutdown(), { once: true });
      await promisify(server.tryShutdown.bind(server))();
    },
  };
}

function connectionOptions(
  config: Pick<EchoBackendConfig, 'maxConnectionAge' | 'maxConnectionAgeGrace'>,
): ServerOptions {
  const options: ServerOptions = { 'grpc.max_concurrent_streams': maxConcurrentStreams };
  if (config.maxConnectionAge !== undefined) options['grpc.max_connection_age_ms'] = config.maxConnectionAge;
  if (config.maxConnectionAgeGrace !== undefined) {
    options['grpc.max_connection_age_grace_ms'] = config.maxConnectionAgeGrace;
  }
  return options;
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(hostPort(host, port), ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(listenError(error, port, '--port'));
      else resolve(bound);
    });
  });
}
