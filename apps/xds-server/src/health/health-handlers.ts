import {
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthService,
  type HealthCheckRequest,
} from '@evenly/proto/grpc/health/v1/health';
import { bidi, limitCalls, Status, StatusError, unary, type Method } from '@evenly/grpc-server';
import type { Runtime } from '@evenly/service';

const { check, watch } = HealthService;

/** Watches of all who ask. */
const maxWatches = 256;

/**
 * The health checking protocol (https://github.com/grpc/grpc/blob/master/doc/health-checking.md), for Kubernetes' `grpc`
 * probes and grpc-health-probe: the same response as `/readyz`, for the whole server (the empty name) and each service.
 * @param services the gRPC services of the port
 */
export function healthMethods(
  readiness: Runtime['readiness'],
  services: ReadonlySet<string>,
): [path: string, Method][] {
  const status = () => (readiness.isReady ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
  const knows = ({ service }: HealthCheckRequest) => service === '' || services.has(service);

  const respond = (request: HealthCheckRequest) => {
    if (!knows(request))
      throw new StatusError(Status.NOT_FOUND, `no service "${request.service.slice(0, 256)}"`);
    return { status: status() };
  };
  const follow = bidi<HealthCheckRequest>(watch, (call) => {
    let stop: (() => void) | undefined;
    return {
      onRequest: (request) => {
        if (stop !== undefined) throw new StatusError(Status.INTERNAL, 'more than one request');
        let told: ServingStatus | undefined;
        const tell = () => {
          const now = knows(request) ? status() : ServingStatus.SERVICE_UNKNOWN;
          if (now === told) return;
          told = now;
          call.send(watch.responseSerialize({ status: now }));
        };
        stop = readiness.onChange(tell);
        tell();
      },
      // The client has said all that it will, and waits for updates.
      onHalfClose: () => {
        if (stop === undefined) throw new StatusError(Status.INTERNAL, 'no request');
      },
      onClose: () => stop?.(),
    };
  });
  return [
    [check.path, unary(check, respond)],
    [watch.path, limitCalls(maxWatches, follow)],
  ];
}
