import { endpointKey, type Endpoint, type EndpointState } from '@evenly/endpoints';
import type { EndpointSlice, SliceEndpoint } from './endpoint-slice.ts';

export interface SliceEndpoints {
  endpoints: Endpoint[];
  /** Slices that have endpoints but not the port; absent when all have it. */
  withoutPort?: {
    slices: string[];
    /** What they have instead, such as `http (8080)`. */
    ports: string[];
  };
}

/** An endpoint of a slice. There are as many as a cluster has endpoints: what can be told from these is not kept. */
interface Row {
  endpoint: Endpoint;
  /** Undefined where no pod is known to be behind it. */
  podUid: string | undefined;
}

const better: Readonly<Record<EndpointState, number>> = {
  ready: 2,
  'serving-terminating': 1,
  'not-ready': 0,
};

/**
 * Says what the slices of one service add up to. Slices change one after the other, so for a moment an address may be in
 * two of them: the better state counts. A pod of both address families is one endpoint, or it would get two shares of the
 * calls: by its IPv4 address, with the IPv6 one beside it. Its `targetRef` says which belong together; DNS cannot.
 *
 * A slice that is the same object as before is not read again: of 50 slices, usually one changed.
 * @param port the port's name, or the pods' port number (a service's own port number is not in its slices)
 */
export function sliceMerger(port: string | number): (slices: Iterable<EndpointSlice>) => SliceEndpoints {
  const known = new WeakMap<EndpointSlice, readonly Row[] | 'without port'>();
  const oncePerPod = podMerger();
  const rowsOf = (slice: EndpointSlice) => {
    const rows = known.get(slice) ?? readRows(slice, port);
    known.set(slice, rows);
    return rows;
  };
  return (slices) => {
    const byKey = new Map<string, Row>();
    const without: EndpointSlice[] = [];
    for (const slice of slices) {
      const rows = rowsOf(slice);
      if (rows === 'without port') without.push(slice);
      else for (const row of rows) keepBetter(byKey, row);
    }
    const endpoints = oncePerPod([...byKey.values()]);
    return without.length === 0 ? { endpoints } : { endpoints, withoutPort: describe(without) };
  };
}

function readRows(slice: EndpointSlice, port: string | number): readonly Row[] | 'without port' {
  if (slice.endpoints.length === 0) return [];
  const number = portNumber(slice, port);
  if (number === undefined) return 'without port';
  return slice.endpoints.map((each) => ({ endpoint: withPort(each, number), podUid: each.podUid }));
}

/** Field by field, as `readEndpoint` does it, and for the same reason. */
function withPort({ address, state, ...rest }: SliceEndpoint, port: number): Endpoint {
  const { hostname, zone, forZones, forNodes } = rest;
  const endpoint: { -readonly [K in keyof Endpoint]: Endpoint[K] } = { address, port, state };
  if (hostname !== undefined) endpoint.hostname = hostname;
  if (zone !== undefined) endpoint.zone = zone;
  if (forZones !== undefined) endpoint.forZones = forZones;
  if (forNodes !== undefined) endpoint.forNodes = forNodes;
  return endpoint;
}

/**
 * A name may consist of digits alone, and in a target or in quotes a number looks the same. So what is meant goes first,
 * the other second; and where the slice says no port, the number that is asked for is the pods'.
 */
function portNumber({ ports, anyPort }: EndpointSlice, port: string | number): number | undefined {
  const named = ports.find(({ name }) => name === String(port))?.port;
  const number = /^\d{1,5}$/.test(String(port)) ? Number(port) : undefined;
  const numbered = ports.find((each) => each.port === number)?.port;
  const found = typeof port === 'number' ? (numbered ?? named) : (named ?? numbered);
  const canBeAny = anyPort && number !== undefined && number >= 1 && number <= 65_535;
  return found ?? (canBeAny ? number : undefined);
}

function keepBetter(byKey: Map<string, Row>, row: Row): void {
  const key = endpointKey(row.endpoint);
  const known = byKey.get(key);
  if (known === undefined || better[known.endpoint.state] < better[row.endpoint.state]) byKey.set(key, row);
}

/** Pod and port. */
const podOf = ({ podUid, endpoint }: Row): string | undefined =>
  podUid === undefined ? undefined : `${podUid} ${endpoint.port}`;

/** The same object for a pod whose addresses are the same. */
function podMerger(): (rows: readonly Row[]) => Endpoint[] {
  /** Made for the first pod of both families: most clusters have none. */
  let known: WeakMap<Endpoint, Endpoint> | undefined;
  const withIpv6 = (endpoint: Endpoint, additionalAddresses: readonly string[]) => {
    known ??= new WeakMap();
    const before = known.get(endpoint);
    if (before?.additionalAddresses?.join() === additionalAddresses.join()) return before;
    const both = { ...endpoint, additionalAddresses };
    known.set(endpoint, both);
    return both;
  };
  return (rows) => {
    const ipv6 = rows.filter(({ endpoint }) => endpoint.address.includes(':'));
    if (ipv6.length === 0 || ipv6.length === rows.length) return rows.map(({ endpoint }) => endpoint);
    const isIpv6 = new Set(ipv6);
    const withIpv4 = new Set(rows.filter((row) => !isIpv6.has(row)).map(podOf));
    const ofPod = new Map<string, string[]>();
    for (const row of ipv6) {
      const pod = podOf(row);
      if (pod !== undefined) ofPod.set(pod, [...(ofPod.get(pod) ?? []), row.endpoint.address].sort());
    }
    return rows
      .filter((row) => row.podUid === undefined || !isIpv6.has(row) || !withIpv4.has(podOf(row)))
      .map((row) => {
        const { endpoint } = row;
        const others = endpoint.address.includes(':') ? undefined : ofPod.get(podOf(row) ?? '');
        return others === undefined ? endpoint : withIpv6(endpoint, others);
      });
  };
}

function describe(slices: readonly EndpointSlice[]): NonNullable<SliceEndpoints['withoutPort']> {
  const ports = slices.flatMap((slice) =>
    slice.ports.map(({ name, port }) => `${name || 'without name'} (${port})`),
  );
  return { slices: slices.map(({ name }) => name), ports: [...new Set(ports)] };
}
