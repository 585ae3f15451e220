import type { NodeKind, ResourceType } from '@evenly/xds';
import type { ConnectedClient } from './clients.ts';

/** What one client has of one type. Names and versions only: contents are the same for many. */
export interface TypeStatus {
  subscribed: string[];
  sentVersion: string | undefined;
  ackedVersion: string | undefined;
  /** Milliseconds since a response was sent that is not answered yet. */
  lagMs: number | undefined;
  resources: { name: string; sent: string; acked: string | undefined }[];
  rejected: { name: string; version: string; error: string; agoMs: number }[];
}

export interface ClientStatus {
  node: string;
  kind: NodeKind;
  userAgent: string;
  zone: string;
  peer: string;
  variant: 'sotw' | 'delta';
  types: Partial<Record<ResourceType, TypeStatus>>;
}

/** How many names are listed of each type; a wildcard client of a large mesh has thousands. */
const maxListed = 1000;

export function clientStatus({ node, peer, streams }: ConnectedClient, nowMs: number): ClientStatus {
  const { id, kind, userAgent, zone } = node;
  const types = streams
    .flatMap(({ stream }) => [...stream.types])
    .map(([type, state]): [ResourceType, TypeStatus] => [
      type,
      {
        subscribed: [...(state.subscription.wildcard ? ['*'] : []), ...state.subscription.names].slice(
          0,
          maxListed,
        ),
        sentVersion: state.sentVersion,
        ackedVersion: state.ackedVersion,
        lagMs: state.outstanding === undefined ? undefined : nowMs - state.outstanding.sentAtMs,
        resources: [...state.sent]
          .slice(0, maxListed)
          .map(([name, { version }]) => ({ name, sent: version, acked: state.acked.get(name)?.version })),
        rejected: [...(state.nacked ?? [])]
          .slice(0, maxListed)
          .map(([name, { version, error, atMs }]) => ({ name, version, error, agoMs: nowMs - atMs })),
      },
    ]);
  const variant = streams[0]!.variant;
  return { node: id, kind, userAgent, zone, peer, variant, types: Object.fromEntries(types) };
}
