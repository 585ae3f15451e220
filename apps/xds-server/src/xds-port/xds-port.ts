import { Server } from '@grpc/grpc-js';
import { LoadReportingServiceService } from '@evenly/proto/envoy/service/load_stats/v3/lrs';
import { ClientStatusDiscoveryServiceService } from '@evenly/proto/envoy/service/status/v3/csds';
import { hostPort, listenError } from '@evenly/service';
import type { ResourceCache } from '@evenly/xds';
import type { ServerConfig } from '../config.ts';
import { csdsHandlers } from '../csds/csds-handlers.ts';
import type { LoadReports } from '../lrs/load-reports.ts';
import { lrsHandlers } from '../lrs/lrs-handlers.ts';
import { transportSecurity, type TransportSecurity } from '../tls/transport-security.ts';
import { handlersOf, type HandlerContext } from './handlers.ts';
import { OpenCalls } from './open-calls.ts';
import { xdsServices } from './services.ts';

/** The port that xDS clients come to. */
export interface XdsPort {
  port: number;
  security: TransportSecurity;
  /** Ends all streams and connections; when `signal` aborts, at once. */
  close(signal: AbortSignal): Promise<void>;
}

/** What the port's services need of their surroundings. */
export interface PortContext extends HandlerContext {
  cache: ResourceCache;
  loads: LoadReports;
}

/** Streams of those who ask for the clients' status: people and their tools. */
const maxStatusCalls = 32;

/** @throws ServiceError PORT_IN_USE, CANNOT_LISTEN, BAD_CONFIG (certificates, or options that do not fit together) */
export async function listenXds(config: ServerConfig, context: PortContext): Promise<XdsPort> {
  const security = await transportSecurity(config, context);
  const server = new Server({
    interceptors: security.interceptors,
    // A client that vanished without a word is noticed within half a minute.
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.max_receive_message_length': 1024 * 1024,
    // Clients spread anew over several servers (grpc-js adds a jitter of 10 %).
    ...(config.maxConnectionAge === undefined
      ? {}
      : { 'grpc.max_connection_age_ms': config.maxConnectionAge }),
    'grpc.max_connection_age_grace_ms': 5000,
  });
  for (const service of xdsServices) server.addService(service.definition, handlersOf(service, context));
  const loadCalls = new OpenCalls(config.maxStreams);
  const statusCalls = new OpenCalls(maxStatusCalls);
  if (context.loads.intervalMs > 0) {
    server.addService(
      LoadReportingServiceService,
      lrsHandlers(context.loads, { ...context, calls: loadCalls }),
    );
  }
  server.addService(ClientStatusDiscoveryServiceService, csdsHandlers({ ...context, calls: statusCalls }));
  const port = await new Promise<number>((resolve, reject) => {
    const address = hostPort(config.host, config.port);
    server.bindAsync(address, security.credentials, (error, bound) =>
      error ? reject(listenError(error, config.port, '--port')) : resolve(bound),
    );
  });
  const close = async (signal: AbortSignal) => {
    signal.addEventListener('abort', () => server.forceShutdown(), { once: true });
    const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    for (const streams of [context.streams, loadCalls, statusCalls, context.loads]) streams.stop();
    await closed;
    security.stop();
  };
  return { port, security, close };
}
