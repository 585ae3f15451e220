/**
 * gRPC servers ask for a listener by where they listen (gRFC A36): `grpc/server?xds.resource.listening_address=0.0.0.0:50051`, by
 * the template that `xds-server bootstrap` writes. Which service it is of says the cluster of their node. Names of services hold
 * no "/", so that no listener of a target can have such a name.
 */
const prefix = 'grpc/server';
const asked = `${prefix}?xds.resource.listening_address=`;

export const serverListenerTemplate = `${asked}%s`;

/** What is served to the servers of a service, each of which gets it under the name that it asks for. */
export const serverListenerName = (service: string): string => `${prefix}/${service}`;

export const isServerListener = (name: string): boolean => name.startsWith(prefix);

/** Where a server listens that asks for this: it serves only if the listener says the same. */
export function listeningAddress(name: string): { address: string; port: number } | undefined {
  if (!name.startsWith(asked)) return undefined;
  // As it is written: grpc-go compares the text.
  const match = /^(?:\[([^[\]]+)\]|([^[\]:]+)):(\d{1,5})$/.exec(name.slice(asked.length));
  const [, ipv6, other, digits] = match ?? [];
  const address = ipv6 ?? other;
  const port = Number(digits);
  return address !== undefined && port <= 65_535 ? { address, port } : undefined;
}
