import type { ServerConnections } from '@evenly/grpc-server';
import type { LoadReports, LoadStatus } from '../lrs/load-reports.ts';
import { loadStatus } from '../lrs/load-reports.ts';
import type { Mesh, MeshStatus } from '../mesh/mesh.ts';
import type { TransportSecurity } from '../tls/transport-security.ts';
import type { ClientStreams } from '../xds-port/client-streams.ts';
import { connectedClients } from '../xds-port/clients.ts';
import { clientStatus, type ClientStatus } from '../xds-port/status.ts';

/** All that the admin port tells: `/status` as JSON, the page in words. */
export interface ServerStatus extends MeshStatus {
  clients: ClientStatus[];
  loads: LoadStatus;
  security: { kind: TransportSecurity['kind']; error?: string };
  connections: ServerConnections;
}

export interface StatusSources {
  mesh: Mesh;
  streams: ClientStreams;
  loads: LoadReports;
  security: TransportSecurity;
  connections: () => ServerConnections;
}

export function serverStatus({ mesh, streams, loads, security, connections }: StatusSources): ServerStatus {
  const nowMs = performance.now();
  const error = security.error();
  return {
    ...mesh.status(),
    clients: connectedClients(streams.all).map((client) => clientStatus(client, nowMs)),
    loads: loadStatus(loads, nowMs),
    security: { kind: security.kind, ...(error === undefined ? {} : { error }) },
    connections: connections(),
  };
}
