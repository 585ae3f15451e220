import type { NodeInfo } from '@evenly/xds';
import type { OpenStream } from './client-streams.ts';

/** A client with all its streams: one where they are aggregated, else one for each type. */
export interface ConnectedClient {
  node: NodeInfo;
  /** `10.0.0.7:51234` */
  peer: string;
  streams: OpenStream[];
}

/** Streams with the same node id on the same connection are one client's. Those that have not said who they are count too. */
export function connectedClients(streams: Iterable<OpenStream>): ConnectedClient[] {
  const clients = new Map<string, ConnectedClient>();
  for (const each of streams) {
    const { node } = each.stream;
    const key = `${node.id}\0${each.peer}`;
    const client = clients.get(key);
    if (client === undefined) clients.set(key, { node, peer: each.peer, streams: [each] });
    else client.streams.push(each);
  }
  return [...clients.values()];
}
