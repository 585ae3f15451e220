import { status } from '@grpc/grpc-js';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Whoever sends requests chooses the names in them, so only names that a pod has answered for become labels. */
const maxServiceLabels = 100;
const otherServices = 'other';

export interface FrontendMetrics {
  /** One gRPC call that ended. */
  call(service: string, code: status, seconds: number): void;
  /** One HTTP request for a service that was answered. */
  request(httpStatus: number): void;
}

/** Calls by service and status code with their latency, requests by HTTP status, channels that are open. */
export function frontendMetrics(registry: Registry, openChannels: () => number): FrontendMetrics {
  const registers = [registry];
  const handled = new Counter({
    name: 'grpc_client_handled_total',
    help: 'gRPC calls that ended, by service and status code',
    labelNames: ['service', 'grpc_code'],
    registers,
  });
  const latency = new Histogram({
    name: 'grpc_client_handling_seconds',
    help: 'Time from the begin of a gRPC call to its end',
    labelNames: ['service'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const requests = new Counter({
    name: 'frontend_requests_total',
    help: 'Requests for a service, by HTTP status; 499 = the client went away',
    labelNames: ['status'],
    registers,
  });
  new Gauge({
    name: 'frontend_channels',
    help: 'gRPC channels that are open',
    registers,
    collect() {
      this.set(openChannels());
    },
  });

  const known = new Set<string>();
  const label = (service: string, code: status) => {
    if (code === status.OK && known.size < maxServiceLabels) known.add(service);
    return known.has(service) ? service : otherServices;
  };
  return {
    call: (service, code, seconds) => {
      const labels = { service: label(service, code) };
      handled.inc({ ...labels, grpc_code: status[code] });
      latency.observe(labels, seconds);
    },
    request: (httpStatus) => requests.inc({ status: String(httpStatus) }),
  };
}
