import { Server, ServerCredentials, status, type ServiceError } from '@grpc/grpc-js';
import { EchoServerService, type EchoServerServer } from '@evenly/proto/echo/echo';
import {
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthService,
  type HealthCheckResponse,
  type HealthServer,
} from '@evenly/proto/grpc/health/v1/health';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Endpoint } from '@evenly/endpoints';

export interface EchoServerOptions {
  host?: string;
  port?: number;
  /** Whether it has a health service; default no. */
  health?: boolean;
}

/** A real gRPC server that answers with its port, whose behaviour a test changes. */
export async function echoServer({ host = '127.0.0.1', port = 0, health = false }: EchoServerOptions = {}) {
  const behaviour = { delayMs: 0, fails: false };
  const watchers = new Set<ServerWritableStream<unknown, HealthCheckResponse>>();
  let healthy = true;
  let calls = 0;
  const echo: Pick<EchoServerServer, 'sayHello'> = {
    sayHello: (_call, callback) => {
      calls++;
      const error = { code: status.UNAVAILABLE, details: 'asked to fail' } as ServiceError;
      const answer = () => (behaviour.fails ? callback(error) : callback(null, { message: `${bound}` }));
      if (behaviour.delayMs > 0) setTimeout(answer, behaviour.delayMs);
      else answer();
    },
  };
  const statusNow = () => ({ status: healthy ? ServingStatus.SERVING : ServingStatus.NOT_SERVING });
  const watched: Pick<HealthServer, 'watch'> = {
    watch: (call) => {
      watchers.add(call);
      call.on('cancelled', () => watchers.delete(call));
      call.write(statusNow());
    },
  };
  const server = new Server();
  server.addService(EchoServerService, echo);
  if (health) server.addService(HealthService, watched);
  const bound = await new Promise<number>((resolve, reject) => {
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, each) =>
      error ? reject(error) : resolve(each),
    );
  });
  const endpoint: Endpoint = { address: host, port: bound, state: 'ready' };
  return {
    endpoint,
    name: `${bound}`,
    behaviour,
    calls: () => calls,
    /** How many clients watch its health now. */
    watchers: () => watchers.size,
    setHealthy: (value: boolean) => {
      healthy = value;
      for (const call of watchers) call.write(statusNow());
    },
    /** Lets calls end first, as a pod does on SIGTERM. */
    drain: () => new Promise<void>((resolve) => server.tryShutdown(() => resolve())),
    stop: () => server.forceShutdown(),
  };
}

export type EchoTestServer = Awaited<ReturnType<typeof echoServer>>;
