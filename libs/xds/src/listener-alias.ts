import { normalAuthority, wildcardsOf } from '@evenly/mesh-config';
import { Listener } from '@evenly/proto/envoy/config/listener/v3/listener';
import type { NodeInfo } from './node.ts';
import { clusterServiceName, withoutClusterDomain } from './cluster-names.ts';
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

/** Whether it stands in for names that are not its own. */
export const isForAnyName = (name: string): boolean => name.startsWith('*');

const authority = /^([a-z0-9]([a-z0-9._-]*[a-z0-9])?\.?|\[[0-9a-f:.]+\])(:\d{1,5})?$/i;

/**
 * The names whose listener this node gets where there is none of the name that it asks for; the first that there is. What files
 * name goes before the Services of the cluster.
 */
export function standInsFor(
  name: string,
  { cluster, namespace }: Pick<NodeInfo, 'cluster' | 'namespace'>,
  clusterDomain: string,
): string[] {
  if (listeningAddress(name) !== undefined) return [serverListenerName(cluster)];
  if (!authority.test(name)) return [];
  const normal = normalAuthority(name);
  const inCluster = clusterServiceName(normal.authority, clusterDomain, namespace);
  const ofCluster = inCluster === undefined ? [] : [inCluster];
  const port = normal.authority.slice(normal.host.length);
  const wildcards = wildcardsOf(normal.host).flatMap((one) => [`${one}${port}`, one]);
  return [normal.authority, normal.host, ...ofCluster, ...wildcards, anyListenerName];
}

/** The listener for the clients of one namespace alone, where they are told other routes than all others. */
export const consumerName = (namespace: string, name: string): string => `${namespace}/${name}`;
export const isConsumerName = (name: string): boolean => name.includes('/');

/** Goes before the listener of the name itself; undefined: the client does not say where it is, or it asks for no Service. */
export function consumerStandIn(
  name: string,
  { namespace }: Pick<NodeInfo, 'namespace'>,
  clusterDomain: string,
): string | undefined {
  if (namespace === '' || !authority.test(name)) return undefined;
  const inCluster = clusterServiceName(normalAuthority(name).authority, clusterDomain, namespace);
  return inCluster === undefined ? undefined : consumerName(namespace, inCluster);
}

/** Names that share this key may stand in for one another, but for those that leave their namespace out. */
export const aliasKey = (name: string): string =>
  isServerListener(name)
    ? serverListenerName('')
    : withoutClusterDomain(normalAuthority(withoutConsumer(name)).host);

/** Of the keys of names that are asked for, those of whom a change of this name may concern. */
export function concernedKeys(name: string, keys: Iterable<string>): Iterable<string> {
  if (isForAnyName(name)) return keys; // whoever falls under a wildcard, by whichever form of its name
  const key = aliasKey(name);
  const [service = key] = key.split('.');
  return service === key ? [key] : [key, service];
}

const withoutConsumer = (name: string) => name.slice(name.lastIndexOf('/') + 1);

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
