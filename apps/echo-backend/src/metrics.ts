import { status } from '@grpc/grpc-js';
import { EchoServerService } from '@evenly/proto/echo/echo';
import { Counter, Gauge, type Registry } from 'prom-client';

export interface CallMetrics {
  /**
   * Counts a call that starts.
   * @param path `/package.Service/Method`
   * @returns to be called with its status code when it ends; only the first time counts
   */
  started(path: string): (code: status) => void;
}

/** Calls by service, method and status code, and calls in flight; named as other gRPC servers' metrics are. */
export function callMetrics(registry: Registry): CallMetrics {
  const handled = new Counter({
    name: 'grpc_server_handled_total',
    help: 'Calls that ended, by status code; CANCELLED also for those whose client did not wait',
    labelNames: ['grpc_service', 'grpc_method', 'grpc_code'],
    registers: [registry],
  });
  const inFlight = new Gauge({
    name: 'grpc_server_in_flight',
    help: 'Calls that started and have not ended',
    labelNames: ['grpc_service', 'grpc_method'],
    registers: [registry],
  });
  // Before there is one, `increase()` of Prometheus misses the first call of a code.
  for (const { path } of Object.values(EchoServerService)) {
    for (const grpc_code of codes) handled.inc({ ...labelsOf(path), grpc_code }, 0);
    inFlight.inc(labelsOf(path), 0);
  }
  return {
    started: (path) => {
      const call = labelsOf(path);
      inFlight.inc(call);
      let ended = false;
      return (code) => {
        if (ended) return;
        ended = true;
        inFlight.dec(call);
        handled.inc({ ...call, grpc_code: status[code] });
      };
    },
  };
}

const codes = Object.keys(status).filter((name) => Number.isNaN(Number(name)));

function labelsOf(path: string) {
  const [, grpc_service = '', grpc_method = ''] = path.split('/');
  return { grpc_service, grpc_method };
}
