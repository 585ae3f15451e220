import {
  firstMessageWithin,
  GrpcServer,
  limitCallsPerConnection,
  type Method,
  type OnFault,
  type ServerConnections,
} from '@evenly/grpc-server';
import type { MemoryBudget } from '@evenly/http2';
import { listenError, openFiles, type Runtime } from '@evenly/service';
import type { ResourceCache } from '@evenly/xds';
import type { ServerConfig } from '../config.ts';
import { csdsMethods } from '../csds/csds-handlers.ts';
import { healthMethods } from '../health/health-handlers.ts';
import type { LoadReports } from '../lrs/load-reports.ts';
import { lrsMethods } from '../lrs/lrs-handlers.ts';
import { behindGate } from '../tls/client-gate.ts';
import { transportSecurity, type TransportSecurity } from '../tls/transport-security.ts';
import { xdsMethods, type HandlerContext } from './handlers.ts';

/** The port that xDS clients come to. */
export interface XdsPort {
  port: number;
  security: TransportSecurity;
  readonly connections: () => ServerConnections;
  /** Ends all streams and connections, one after the other; when `signal` aborts, at once. */
  close(signal: AbortSignal): Promise<void>;
}

/** What the port's services need of their surroundings. */
export interface PortContext extends HandlerContext {
  cache: ResourceCache;
  loads: LoadReports;
  /** Of the process: what is held for clients. */
  budget: MemoryBudget;
  /** What the health service says. */
  readiness: Runtime['readiness'];
}

/** Requests are a few names, or a report of loads. */
const maxMessageBytes = 1024 * 1024;
/** A client that vanished without a word is noticed within half a minute. */
const keepalive = { keepaliveIntervalMs: 20_000, keepaliveTimeoutMs: 10_000 };

/**
 * Clients in Go send a PING for each push. While pushes are frequent the answer leaves with the next one: of two writes a
 * push that saves one. A PING that asks whether this server is alive comes after a longer silence, and is answered at once.
 */
const patience = { busyPauseMs: 1000, pingPatienceMs: 250 };

/** @throws ServiceError PORT_IN_USE, CANNOT_LISTEN, BAD_CONFIG (certificates, or options that do not fit together) */
export async function listenXds(config: ServerConfig, context: PortContext): Promise<XdsPort> {
  const { maxStreams, maxConnectionAge, drainSpread, handshakeTimeout } = config;
  const files = openFiles();
  context.log.info({ ...files }, 'open files: limit, and how many clients may have');
  const security = await transportSecurity(config, context);
  const server = new GrpcServer({
    methods: methodsOf(config, context, security),
    tls: security.tls,
    admit: security.admit,
    maxMessageBytes,
    // Clients may have a connection for each kind of stream; and people have tools.
    slots: {
      maxConnections: 2 * maxStreams + 64,
      files: files && { maxConnections: files.forClients, used: 0 },
      maxPerAddress: config.maxConnectionsPerAddress ?? maxStreams + 32,
    },
    handshakeTimeoutMs: handshakeTimeout,
    maxConnectionAgeMs: maxConnectionAge,
    budget: context.budget,
    onFault: onFault(context),
    // More than calls are taken, so that who has too many is told so.
    limits: {
      ...keepalive,
      ...patience,
      headerTimeoutMs: handshakeTimeout,
      maxConcurrentStreams: perConnection(config) + 64,
    },
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
  return { port, security, connections: () => server.connections, close };
}

/** A connection may carry many streams: that of an Envoy without ADS, or of many clients in one process. */
const perConnection = ({ maxStreams, maxStreamsPerConnection }: ServerConfig) =>
  maxStreamsPerConnection ?? Math.min(maxStreams, Math.max(100, Math.ceil(maxStreams / 4)));

const onFault =
  ({ log, metrics }: PortContext): OnFault =>
  (error, { peer }) => {
    metrics.faults.inc();
    log.error({ err: error, peer: peer.address }, 'a fault of this server ended a stream');
  };

function methodsOf(
  config: ServerConfig,
  context: PortContext,
  { csds, wildcard }: TransportSecurity,
): ReadonlyMap<string, Method> {
  const { maxStreams, firstRequestTimeout } = config;
  const { loads, log, readiness } = context;
  const xds = xdsMethods({ ...context, wildcard });
  const others = [
    ...csdsMethods(context).map(([path, method]): [string, Method] => [path, behindGate(csds, method)]),
    ...(loads.intervalMs > 0 ? lrsMethods(loads, { maxStreams, log }) : []),
  ];
  const services = new Set([...xds, ...others].map(([path]) => path.split('/')[1]!));
  others.push(...healthMethods(readiness, services));
  const limited = limitCallsPerConnection(perConnection(config));
  return new Map([
    ...xds.map(([path, method]) => [path, limited(method)] as const),
    ...others.map(
      ([path, method]) => [path, limited(firstMessageWithin(firstRequestTimeout, method))] as const,
    ),
  ]);
}
