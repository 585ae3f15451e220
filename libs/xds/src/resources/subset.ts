import { createHash } from 'node:crypto';
import { endpointKey, type Endpoint } from '@evenly/endpoints';
import type { Locality } from '@evenly/mesh-config';
import type { NodeInfo } from '../node.ts';

/**
 * The endpoints that one client gets of many: those with the highest hash of client and endpoint together, its own zone
 * first ("rendezvous hashing", gRFC A68). It needs no list of clients, gives each client the same subset in every
 * process, and when an endpoint comes or goes only the clients that win or lose that one see a change.
 */
export function subsetFor(
  node: Pick<NodeInfo, 'id' | 'zone'>,
  endpoints: readonly Endpoint[],
  home: Locality,
  size: number,
): readonly Endpoint[] {
  if (endpoints.length <= size) return endpoints;
  const isOwn = ({ zone = home.zone }: Endpoint) => node.zone !== '' && zone === node.zone;
  const scored = endpoints.map((endpoint) => ({
    endpoint,
    own: isOwn(endpoint) ? 0 : 1,
    priority: endpoint.priority ?? 0,
    score: scoreOf(node.id, endpoint),
  }));
  scored.sort((a, b) => a.priority - b.priority || a.own - b.own || (a.score < b.score ? 1 : -1));
  return scored.slice(0, size).map(({ endpoint }) => endpoint);
}

const scoreOf = (nodeId: string, endpoint: Endpoint): string =>
  createHash('sha256')
    .update(`${nodeId}\0${endpointKey(endpoint)}`)
    .digest('hex');
