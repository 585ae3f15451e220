import { normalAuthority } from '@evenly/mesh-config';
import { Listener } from '@evenly/proto/envoy/config/listener/v3/listener';
import type { NodeInfo } from './node.ts';
import { resource, type Resource } from './resource.ts';
import { socketAddress } from './resources/listeners.ts';
import { isServerListener, listeningAddress, serverListenerName } from './server-listener-name.ts';

/**
 * gRPC clients ask for a listener by what stands in their target: `xds:///Shop:8080`. Routes know no case, and an authority
 * without a port holds for every port, so that name has a listener though the config says only `shop`. gRPC servers ask for one
 * by where they listen, which no config says.
 */

/** The listener for every name that no route has. It is asked for by such names only: `*` in a request is a wildcard. */
export const anyListenerName = '*';

/** Whether a listener is only there to be given under other names. */
export const isStandIn = (name: string): boolean => name === anyListenerName || isServerListener(name);

const authority = /^([a-z0-9]([a-z0-9._-]*[a-z0-9])?\.?|\[[0-9a-f:.]+\])(:\d{1,5})?$/i;

/** The names whose listener this node gets under the name that it asks for; the first that there is. */
export function standInsFor(name: string, node: Pick<NodeInfo, 'cluster'>): string[] {
  if (listeningAddress(name) !== undefined) return [serverListenerName(node.cluster)];
  if (!authority.test(name)) return [];
  const normal = normalAuthority(name);
  return [normal.authority, normal.host, anyListenerName];
}

/** Names that share this key may stand in for one another. */
export const aliasKey = (name: string): string =>
  isServerListener(name) ? serverListenerName('') : normalAuthority(name).host;

/** Names are the clients' to choose: what is kept of them has a limit. */
const maxAliases = 1000;
const aliases = new WeakMap<Resource, Map<string, Resource>>();

/** The same listener under another name: one object for all who ask for that. */
export function aliasOf(listener: Resource, name: string): Resource {
  const known = aliases.get(listener) ?? new Map<string, Resource>();
  aliases.set(listener, known);
  const found = known.get(name);
  if (found !== undefined) return found;
  if (known.size >= maxAliases) known.clear();
  const at = listeningAddress(name);
  const address = at === undefined ? {} : { address: socketAddress(at) };
  const encoded = Listener.encode({ ...Listener.decode(listener.encoded), name, ...address }).finish();
  const alias = resource('listener', name, encoded, listener.refs);
  known.set(name, alias);
  return alias;
}
