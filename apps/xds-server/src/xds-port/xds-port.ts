import { GrpcServer, type Method } from '@evenly/grpc-server';
import { listenError } from '@evenly/service';
import type { ResourceCache } from '@evenly/xds';
import type { ServerConfig } from '../config.ts';
import { csdsMethods } from '../csds/csds-handlers.ts';
import type { LoadReports } from '../lrs/load-reports.ts';
import { lrsMethods } from '../lrs/lrs-handlers.ts';
import { transportSecurity, type TransportSecurity } from '../tls/transport-security.ts';
import { xdsMethods, type HandlerContext } from './handlers.ts';

/** The port that xDS clients come to. */
export interface XdsPort {
  port: number;
  security: TransportSecurity;
  /** Ends all streams and connections, one after the other; when `signal` aborts, at once. */
  close(signal: AbortSignal): Promise<void>;
}

/** What the port's services need of their surroundings. */
export interface PortContext extends HandlerContext {
  cache: ResourceCache;
  loads: LoadReports;
}

/** Requests are a few names, or a report of loads. */
const maxMessageBytes = 1024 * 1024;
/** A client that vanished without a word is noticed within half a minute. */
const keepalive = { keepaliveIntervalMs: 20_000, keepaliveTimeoutMs: 10_000 };

/** @throws ServiceError PORT_IN_USE, CANNOT_LISTEN, BAD_CONFIG (certificates, or options that do not fit together) */
export async function listenXds(config: ServerConfig, context: PortContext): Promise<XdsPort> {
  const { maxStreams, maxConnectionAge, drainSpread } = config;
  const security = await transportSecurity(config, context);
  const server = new GrpcServer({
    methods: methodsOf(config, context),
    tls: security.tls,
    admit: security.admit,
    maxMessageBytes,
    // Clients may have a connection for each kind of stream; and people have tools.
    maxConnections: 2 * maxStreams + 64,
    maxConnectionAgeMs: maxConnectionAge,
    // One connection may carry them all: that of a proxy, or of many clients in one process.
    limits: { ...keepalive, maxConcurrentStreams: maxStreams + 64 },
  });
  security.follow((certificates) => server.setSecureContext(certificates));
  const port = await server.listen(config.host, config.port).catch((error: unknown) => {
    security.stop();
    throw listenError(error, config.port, '--port');
  });
  const close = async (signal: AbortSignal) => {
    await server.close(signal, drainSpread, 'this xDS server is shutting down');
    context.streams.stop();
    context.loads.stop();
    security.stop();
  };
  return { port, security, close };
}

function methodsOf({ maxStreams }: ServerConfig, context: PortContext): ReadonlyMap<string, Method> {
  const { loads, log } = context;
  return new Map([
    ...xdsMethods(context),
    ...csdsMethods(context),
    ...(loads.intervalMs > 0 ? lrsMethods(loads, { maxStreams, log }) : []),
  ]);
}
