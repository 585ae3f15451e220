import { maxWeight, randomSubset, type HostSpec } from '@evenly/balancing';
import { endpointKey, type Endpoint } from '@evenly/discovery';
import type { Policy } from '@evenly/mesh-config';
import type { EndpointPool } from './endpoint-pool.ts';

/** Where this proxy is, and who. */
export interface ProxyIdentity {
  /** Empty = not known. */
  zone: string;
  /** Decides which subset of a service's endpoints it gets. */
  id: string;
}

/** As in the xDS that we serve: an endpoint in the own zone counts as much as a thousand elsewhere. */
const ownZoneFactor = 1000;

/** The endpoints that may get new calls: ready ones, or else those that end but still serve (KEP-1672). */
export function usableEndpoints(
  endpoints: readonly Endpoint[],
  policy: Policy,
  { id }: ProxyIdentity,
): readonly Endpoint[] {
  const ready = endpoints.filter(({ state }) => state === 'ready');
  const usable = ready.length > 0 ? ready : endpoints.filter(({ state }) => state === 'serving-terminating');
  if (policy.subsetting === undefined || usable.length <= policy.subsetting.size) return usable;
  const mine = new Set(randomSubset(usable.map(endpointKey), policy.subsetting.size, id));
  return usable.filter((endpoint) => mine.has(endpointKey(endpoint)));
}

/**
 * What the balancer is told. An endpoint without a connection has weight 0, which is "no calls" but no word about its
 * health: a connection that is being replaced must not set off a panic, nor forget that its host was ejected.
 * @returns undefined while nobody is connected: there is nothing to choose from, and calls wait
 */
export function hostSpecs(
  pools: Iterable<EndpointPool>,
  policy: Policy,
  serviceZone: string,
  identity: ProxyIdentity,
): HostSpec<EndpointPool>[] | undefined {
  const all = [...pools];
  const inOwnZone = ({ endpoint }: EndpointPool) =>
    identity.zone !== '' && (endpoint.zone ?? serviceZone) === identity.zone;
  const { zonePreference } = policy;
  const preferred = zonePreference !== 'none' && all.some((pool) => pool.isReady && inOwnZone(pool));
  const weights = all.map((pool) => {
    if (!pool.isReady) return 0;
    const factor = preferred && zonePreference === 'weighted' && inOwnZone(pool) ? ownZoneFactor : 1;
    return (pool.endpoint.weight ?? 1) * factor;
  });
  const heaviest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  if (heaviest === 0) return undefined;
  const scale = Math.min(1, maxWeight / heaviest);
  const failover = preferred && zonePreference === 'failover';
  return all.map((pool, index) => ({
    key: pool.key,
    target: pool,
    weight: weights[index]! * scale,
    zone: pool.endpoint.zone ?? serviceZone,
    // Priorities of the source come first, then the zone.
    priority: Math.min(127, (pool.endpoint.priority ?? 0) * 2 + (failover && !inOwnZone(pool) ? 1 : 0)),
  }));
}
