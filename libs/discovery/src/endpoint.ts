import { createHash } from 'node:crypto';

/** Kubernetes' conditions of an endpoint, as one word: only `ready` ones get new calls. */
export type EndpointState = 'ready' | 'serving-terminating' | 'not-ready';

/** One address that serves calls of a service. */
export interface Endpoint {
  /** IPv4 or IPv6, never a name: xDS clients refuse names (gRFC A27). */
  address: string;
  /** 1 to 65535. */
  port: number;
  /** The name behind the address, where it is known: for people to read. */
  hostname?: string;
  zone?: string;
  /** Share of calls relative to the other endpoints; absent = 1. */
  weight?: number;
  state: EndpointState;
}

/** What a service has now. Immutable; two sets with the same content have the same version. */
export interface EndpointSet {
  /** Sorted by address and port, no address twice. Empty is news, not an error: the service has no endpoints. */
  endpoints: readonly Endpoint[];
  /** A hash of the content. */
  version: string;
}

/** `10.0.0.1:50051`, `[::1]:50051`: what tells endpoints apart. */
export function endpointKey({ address, port }: Pick<Endpoint, 'address' | 'port'>): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Sorts the endpoints, keeps the first of those with the same address and port, and gives them their version. */
export function endpointSet(endpoints: Iterable<Endpoint>): EndpointSet {
  const byKey = new Map<string, Endpoint>();
  for (const endpoint of endpoints) {
    const key = endpointKey(endpoint);
    if (!byKey.has(key)) byKey.set(key, endpoint);
  }
  const sorted = [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);
  const content = sorted.map(({ address, port, hostname, zone, weight, state }) => [
    address,
    port,
    hostname,
    zone,
    weight,
    state,
  ]);
  const version = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
  return { endpoints: Object.freeze(sorted), version };
}
