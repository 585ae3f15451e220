import type { NodeInfo } from './node.ts';

/**
 * Listeners of a Gateway are called `gateway/NAMESPACE/NAME/PORT`. They come and go while its proxies run, so these ask for
 * all listeners, and the cluster of their node, `gateway/NAMESPACE/NAME`, says which are meant.
 */
const prefix = 'gateway/';

/** The cluster of the nodes that a listener is meant for; undefined: it belongs to no Gateway. */
export const gatewayOf = (listener: string): string | undefined =>
  listener.startsWith(prefix) ? listener.slice(0, listener.lastIndexOf('/')) : undefined;

/** Whether a node that asks for all listeners gets this one. */
export function isMeantFor(listener: string, { cluster }: Pick<NodeInfo, 'cluster'>): boolean {
  return gatewayOf(listener) === (cluster.startsWith(prefix) ? cluster : undefined);
}
