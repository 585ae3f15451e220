import type { Endpoint, EndpointState } from '../endpoint.ts';
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

const better: Readonly<Record<EndpointState, number>> = {
  ready: 2,
  'serving-terminating': 1,
  'not-ready': 0,
};

/**
 * What the slices of one service add up to. Slices change one after the other, so for a moment an address may be in two
 * of them: the better state counts. A pod of both address families counts once, with its IPv4 address, as it does by DNS:
 * it would get two shares of the calls.
 * @param port the port's name, or the pods' port number (a service's own port number is not in its slices)
 */
export function endpointsOfSlices(slices: Iterable<EndpointSlice>, port: string | number): SliceEndpoints {
  const byAddress = new Map<string, { endpoint: Endpoint; podUid?: string }>();
  const without = { slices: new Set<string>(), ports: new Set<string>() };
  for (const slice of slices) {
    if (slice.endpoints.length === 0) continue;
    const found = slice.ports.find((each) => each.name === port || each.port === port);
    if (found === undefined) {
      without.slices.add(slice.name);
      for (const each of slice.ports) without.ports.add(`${each.name || 'without name'} (${each.port})`);
      continue;
    }
    for (const { podUid, ...rest } of slice.endpoints) {
      const endpoint: Endpoint = { ...rest, port: found.port };
      const key = `${endpoint.address} ${endpoint.port}`;
      const known = byAddress.get(key);
      if (known !== undefined && better[known.endpoint.state] >= better[endpoint.state]) continue;
      byAddress.set(key, podUid === undefined ? { endpoint } : { endpoint, podUid });
    }
  }
  const endpoints = oncePerPod([...byAddress.values()]);
  if (without.slices.size === 0) return { endpoints };
  return { endpoints, withoutPort: { slices: [...without.slices], ports: [...without.ports] } };
}

function oncePerPod(found: readonly { endpoint: Endpoint; podUid?: string }[]): Endpoint[] {
  const keyOf = ({ endpoint, podUid }: { endpoint: Endpoint; podUid?: string }) =>
    `${podUid} ${endpoint.port}`;
  const withIpv4 = new Set<string>();
  for (const each of found) if (each.podUid !== undefined && isIpv4(each.endpoint)) withIpv4.add(keyOf(each));
  return found
    .filter((each) => isIpv4(each.endpoint) || !withIpv4.has(keyOf(each)))
    .map((each) => each.endpoint);
}

const isIpv4 = ({ address }: Pick<SliceEndpoint, 'address'>) => !address.includes(':');
