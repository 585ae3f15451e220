import type { ServerConnections } from '@evenly/grpc-server';
import type { MemoryBudget } from '@evenly/http2';
import type { ClusterState, ClusterStates } from '@evenly/live-mesh';
import type { Readiness, WaitingGate } from '@evenly/service';
import type { CertificateStatus } from '@evenly/tls';
import type { LoadReports, LoadStatus } from '../lrs/load-reports.ts';
import { loadStatus } from '../lrs/load-reports.ts';
import type { ServedMesh, MeshStatus } from '../mesh/served-mesh.ts';
import type { TransportSecurity } from '../tls/transport-security.ts';
import type { ClientStreams } from '../xds-port/client-streams.ts';
import { connectedClients } from '../xds-port/clients.ts';
import { clientStatus, type ClientStatus } from '../xds-port/status.ts';

/** All that the admin port tells: `/status` as JSON, the page in words. */
export interface ServerStatus extends MeshStatus {
  /** What it waits for before it is ready. */
  waiting: readonly WaitingGate[];
  /** Which Services the cluster has is of a snapshot, for the API is away: when that was known to be good. */
  servicesSnapshotOf?: string;
  /** Kubernetes clusters that the config names. */
  clusters: ClusterState[];
  clients: ClientStatus[];
  loads: LoadStatus;
  security: { kind: TransportSecurity['kind']; certificates: CertificateStatus[]; error?: string };
  /** What is held for clients; `short`: the largest holders are refused more. */
  memory: { usedBytes: number; maxBytes: number; short: boolean };
  connections: ServerConnections;
  /** All streams that may be open are. */
  streamsFull: boolean;
}

export interface StatusSources {
  mesh: ServedMesh;
  clusters: ClusterStates;
  streams: ClientStreams;
  loads: LoadReports;
  security: TransportSecurity;
  connections: () => ServerConnections;
  budget: MemoryBudget;
  readiness: Pick<Readiness, 'waiting'>;
  servicesSnapshotMs: () => number | undefined;
}

export function serverStatus(sources: StatusSources): ServerStatus {
  const { mesh, clusters, streams, loads, security, connections, budget, readiness } = sources;
  const { usedBytes, maxBytes, almostUsedUp: short } = budget;
  const nowMs = performance.now();
  const error = security.error();
  const snapshotMs = sources.servicesSnapshotMs();
  return {
    ...mesh.status(),
    waiting: readiness.waiting,
    ...(snapshotMs === undefined ? {} : { servicesSnapshotOf: new Date(snapshotMs).toISOString() }),
    clusters: clusters.all,
    clients: connectedClients(streams.all).map((client) => clientStatus(client, nowMs)),
    loads: loadStatus(loads, nowMs),
    security: {
      kind: security.kind,
      certificates: security.certificates(Date.now()),
      ...(error === undefined ? {} : { error }),
    },
    memory: { usedBytes, maxBytes, short },
    connections: connections(),
    streamsFull: streams.isFull,
  };
}
