import type { ServerConnections } from '@evenly/grpc-server';
import { Counter, Gauge, type Registry } from 'prom-client';

/** The connections of the xDS port as metrics, read when somebody asks. */
export function portMetrics(registry: Registry, connections: () => ServerConnections): void {
  const registers = [registry];
  const open: Gauge = new Gauge({
    name: 'evenly_xds_connections',
    help: 'Open connections of the xDS port',
    registers,
    collect: () => open.set(connections().open),
  });
  const refused: Counter<'reason'> = new Counter({
    name: 'evenly_xds_connections_refused_total',
    help: 'Connections that were closed at once: full, address (its share is used up) or files (none are left)',
    labelNames: ['reason'],
    registers,
    collect: () => {
      refused.reset();
      for (const [reason, count] of Object.entries(connections().refused)) refused.inc({ reason }, count);
    },
  });
  const failed: Counter = new Counter({
    name: 'evenly_xds_handshakes_failed_total',
    help: 'TLS handshakes that took too long, or went wrong',
    registers,
    collect: () => {
      failed.reset();
      failed.inc(connections().failedHandshakes);
    },
  });
}
