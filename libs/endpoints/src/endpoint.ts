import { createHash } from 'node:crypto';
import { canonicalAddress } from './ip-address.ts';

/** Kubernetes' conditions of an endpoint, as one word: only `ready` ones get new calls. */
export type EndpointState = 'ready' | 'serving-terminating' | 'not-ready';

/** What serves calls of a service, at one address or several. Frozen once it is in a set. */
export interface Endpoint {
  /** IPv4 or IPv6, never a name: xDS clients refuse names (gRFC A27). */
  readonly address: string;
  /** 1 to 65535. */
  readonly port: number;
  /**
   * Its other IP addresses, with the same port: tried in turn where the first does not connect (gRFC A61). It is one
   * endpoint all the same, known by its first address, with one share of the calls. Absent = none.
   */
  readonly additionalAddresses?: readonly string[];
  /** The name behind the address, where it is known: for people to read. */
  readonly hostname?: string;
  /** Where it is, as far as the source says: a part of a cloud, and a part of that. */
  readonly region?: string;
  readonly zone?: string;
  /**
   * Kubernetes' topology hints: the zones whose clients should use this endpoint, if their policy says so. Absent = no
   * hints.
   */
  readonly forZones?: readonly string[];
  /** The same for nodes (machines), by their names. They go before those for zones. */
  readonly forNodes?: readonly string[];
  /** 0 (absent) is used first; a higher number only while those before it cannot serve. SRV's priority, ranked from 0. */
  readonly priority?: number;
  /** Share of calls relative to the other endpoints; absent = 1. */
  readonly weight?: number;
  readonly state: EndpointState;
}

/** What a service has now. Immutable; two sets with the same content have the same version. */
export interface EndpointSet {
  /**
   * Sorted by address and port, no address twice, be it a first or an additional one, nor in another spelling. Empty
   * is an update, not an error: the service has no endpoints.
   */
  endpoints: readonly Endpoint[];
  /** A hash of the content. */
  version: string;
}

/** `10.0.0.1:50051`, `[::1]:50051`: what tells endpoints apart. */
export function endpointKey({ address, port }: Pick<Endpoint, 'address' | 'port'>): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * Reads `10.0.0.1:50051` or `[::1]:50051`; the address comes in its one spelling.
 * @returns undefined when it is no IP address with a port from 1 to 65535
 */
export function parseEndpointKey(text: string): Pick<Endpoint, 'address' | 'port'> | undefined {
  const match = /^(?:\[([^\]]*:[^\]]*)\]|([^:]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, ipv6, ipv4, digits] = match;
  const address = canonicalAddress((ipv6 ?? ipv4)!);
  const port = Number(digits);
  return address !== undefined && port >= 1 && port <= 65_535 ? { address, port } : undefined;
}

/** All addresses of an endpoint, the one that it is known by first. */
export const addressesOf = ({ address, additionalAddresses }: Endpoint): readonly string[] =>
  additionalAddresses === undefined ? [address] : [address, ...additionalAddresses];

/**
 * Sorts the endpoints, writes their addresses in one spelling, keeps the first of those with the same address and port, and
 * gives them their version.
 */
export function endpointSet(endpoints: Iterable<Endpoint>): EndpointSet {
  const byKey = new Map<string, Endpoint>();
  for (const given of endpoints) {
    const endpoint = inOneSpelling(given);
    const key = endpointKey(endpoint);
    if (!byKey.has(key)) byKey.set(key, endpoint);
  }
  const sorted = withoutTakenAddresses([...byKey.keys()].sort().map((key) => byKey.get(key)!));
  const hash = createHash('sha256').update(sorted.map(contentOf).join());
  return { endpoints: Object.freeze(sorted), version: hash.digest('hex').slice(0, 16) };
}

/** An additional address that is another endpoint's leads to that one. gRPC clients refuse a set that has it twice. */
function withoutTakenAddresses(endpoints: Endpoint[]): Endpoint[] {
  if (endpoints.every(({ additionalAddresses }) => additionalAddresses === undefined)) return endpoints;
  const taken = new Set(endpoints.map(endpointKey));
  return endpoints.map((endpoint) => {
    const { additionalAddresses: all, ...rest } = endpoint;
    const own = all?.filter((address) => {
      const key = endpointKey({ address, port: endpoint.port });
      return taken.size < taken.add(key).size;
    });
    if (own === undefined || own.length === all!.length) return endpoint;
    return inOneSpelling(own.length === 0 ? rest : { ...rest, additionalAddresses: own });
  });
}

/** All fields in one order, so that equal endpoints are equal texts; of those that were in a set before. */
const contents = new WeakMap<Endpoint, string>();
/** What became of those whose addresses were in another spelling. */
const respelled = new WeakMap<Endpoint, Endpoint>();

/** After a change, most of a large set is the same as it was. */
function contentOf(endpoint: Endpoint): string {
  let content = contents.get(endpoint);
  if (content === undefined) contents.set(endpoint, (content = describe(endpoint)));
  return content;
}

function describe(endpoint: Endpoint): string {
  const { address, port, additionalAddresses, hostname, region, zone, forZones, forNodes } = endpoint;
  const { priority, weight, state } = endpoint;
  // One literal: in V8, an object spread together takes ten times as long.
  // prettier-ignore
  return JSON.stringify({
    address, port, additionalAddresses, hostname, region, zone, forZones, forNodes, priority, weight, state,
  });
}

/** Frozen, and the same object where its addresses are in their one spelling. */
function inOneSpelling(given: Endpoint): Endpoint {
  if (contents.has(given)) return given;
  const known = respelled.get(given);
  if (known !== undefined) return known;
  const endpoint = Object.freeze(withOneSpelling(Object.freeze(given)));
  if (endpoint !== given) respelled.set(given, endpoint);
  return endpoint;
}

function withOneSpelling(endpoint: Endpoint): Endpoint {
  const given = addressesOf(endpoint);
  const [address = '', ...additionalAddresses] = given.map((text) => canonicalAddress(text) ?? text);
  if ([address, ...additionalAddresses].every((text, index) => text === given[index])) return endpoint;
  return { ...endpoint, address, ...(additionalAddresses.length === 0 ? {} : { additionalAddresses }) };
}
