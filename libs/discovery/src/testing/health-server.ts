import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import {
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthService,
  type HealthServer,
} from '@evenly/proto/grpc/health/v1/health';
import type { Endpoint } from '@evenly/endpoints';

export type HealthBehaviour = 'serving' | 'not-serving' | 'unknown-service' | 'hang';

/** A real gRPC server whose health a test changes. */
export async function healthServer(host = '127.0.0.1') {
  let behaviour: HealthBehaviour = 'serving';
  const asked: string[] = [];
  const authorities: string[] = [];
  const health: Pick<HealthServer, 'check'> = {
    check: (call, callback) => {
      asked.push(call.request.service);
      authorities.push(call.getHost());
      if (behaviour === 'hang') return;
      if (behaviour === 'unknown-service')
        return callback({ code: status.NOT_FOUND, details: 'unknown service' });
      const serving = behaviour === 'serving' ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
      callback(null, { status: serving });
    },
  };
  const server = new Server();
  server.addService(HealthService, health);
  const port = await new Promise<number>((resolve, reject) => {
    const address = host.includes(':') ? `[${host}]:0` : `${host}:0`;
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const endpoint: Endpoint = { address: host, port, state: 'ready' };
  return {
    endpoint,
    asked,
    /** What was asked for, in order, as `:authority`. */
    authorities,
    behave: (next: HealthBehaviour) => void (behaviour = next),
    stop: () => server.forceShutdown(),
  };
}
