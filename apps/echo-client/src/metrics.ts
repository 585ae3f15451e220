import { status } from '@grpc/grpc-js';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { CallResult } from './caller.ts';
import { noPod, otherPods } from './tally.ts';

/** Pods come and go for as long as the program runs; a registry keeps every label for ever. */
const maxPodLabels = 1000;

export interface ClientMetrics {
  call(result: CallResult): void;
  skip(): void;
}

/** Calls by pod and status code, their latency, calls in flight, calls that were skipped. */
export function clientMetrics(registry: Registry, inFlight: () => number): ClientMetrics {
  const registers = [registry];
  const handled = new Counter({
    name: 'grpc_client_handled_total',
    help: 'gRPC calls that ended, by pod and status code',
    labelNames: ['pod', 'grpc_code'],
    registers,
  });
  const latency = new Histogram({
    name: 'grpc_client_handling_seconds',
    help: 'Time from when a gRPC call was due to its end',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  });
  const skipped = new Counter({
    name: 'echo_client_skipped_total',
    help: 'Calls that were due and not made, because --max-in-flight were in flight',
    registers,
  });
  new Gauge({
    name: 'grpc_client_in_flight',
    help: 'gRPC calls that have not ended',
    registers,
    collect() {
      this.set(inFlight());
    },
  });
  const pods = new Set<string>();
  const label = (pod: string) => {
    if (pods.size < maxPodLabels) pods.add(pod);
    return pods.has(pod) ? pod : otherPods;
  };
  return {
    call: ({ pod = noPod, code, latencyMs }) => {
      handled.inc({ pod: label(pod), grpc_code: status[code] });
      latency.observe(latencyMs / 1000);
    },
    skip: () => skipped.inc(),
  };
}
