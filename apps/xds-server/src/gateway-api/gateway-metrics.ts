import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface GatewayMetrics {
  leading: Gauge;
  translations: Histogram;
  statusesWritten: Counter;
  writeErrors: Counter;
}

export function gatewayMetrics(registry: Registry): GatewayMetrics {
  const registers = [registry];
  return {
    leading: new Gauge({
      name: 'evenly_gateway_leading',
      help: '1 while this server writes statuses and makes proxies of Gateways',
      registers,
    }),
    translations: new Histogram({
      name: 'evenly_gateway_translation_seconds',
      help: 'How long it took to make a config of all Gateways and routes',
      buckets: [0.001, 0.01, 0.1, 1],
      registers,
    }),
    statusesWritten: new Counter({
      name: 'evenly_gateway_statuses_written_total',
      help: 'Statuses of Gateways and routes that were written',
      registers,
    }),
    writeErrors: new Counter({
      name: 'evenly_gateway_write_errors_total',
      help: 'Statuses and objects of proxies that could not be written; most are tried again',
      registers,
    }),
  };
}
