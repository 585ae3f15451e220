/**
 * A client in a cluster names a Service as DNS has it: `shop.default.svc.cluster.local:8080`, `shop.default.svc`,
 * `shop.default:8080`, and from within its namespace `shop:8080`. All of them are one listener, which has the name
 * `shop.default:8080`; without a port, that of the port 0, which stands for the Service's main one.
 */

/**
 * @param authority in normal form
 * @param namespace of the client; empty = not known
 * @returns the listener's name; undefined for what can be no Service's name
 */
export function clusterServiceName(
  authority: string,
  clusterDomain: string,
  namespace: string,
): string | undefined {
  const [, host = '', port = '0'] = /^([^:]+)(?::(\d+))?$/.exec(authority) ?? [];
  const [service, inNamespace = namespace, svc = 'svc', ...domain] = host.split('.');
  const isDomain = domain.length === 0 || domain.join('.') === clusterDomain;
  if (!service || !inNamespace || svc !== 'svc' || !isDomain) return undefined;
  return `${service}.${inNamespace}:${port}`;
}

/**
 * What a call through a socket may have as its authority instead of such a name. Whoever calls there does not say in which
 * namespace it is.
 */
export function otherAuthorities(name: string, clusterDomain: string): string[] {
  const [, host, port] = /^([a-z0-9-]+\.[a-z0-9-]+):(\d+)$/.exec(name) ?? [];
  if (port === undefined) return [];
  const hosts = [`${host}.svc`, `${host}.svc.${clusterDomain}`];
  return port === '0' ? [`${host}`, ...hosts] : hosts.map((one) => `${one}:${port}`);
}

/** Such names without what clients may leave out or add: those that are the same Service's have the same. */
export const withoutClusterDomain = (host: string): string =>
  host.replace(/^([^.]+\.[^.]+)\.svc(\..*)?$/, '$1');
