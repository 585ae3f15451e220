import { maxHosts, maxWeight, randomSubset, type HostSpec } from '@evenly/balancing';
import { endpointKey, type Endpoint } from '@evenly/endpoints';
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

/**
 * The endpoints that may get new calls: ready ones, or else those that end but still serve (KEP-1672). Of more than a
 * balancer takes, those of the first priorities: `merge` of several sources can have any number.
 */
export function usableEndpoints(
  endpoints: readonly Endpoint[],
  policy: Policy,
  { id }: ProxyIdentity,
): { used: readonly Endpoint[]; tooMany?: string } {
  const ready = endpoints.filter(({ state }) => state === 'ready');
  const all = ready.length > 0 ? ready : endpoints.filter(({ state }) => state === 'serving-terminating');
  const isTooMany = all.length > maxHosts;
  const tooMany = `${all.length} endpoints are too many: ${maxHosts} get calls`;
  const byPriority = (a: Endpoint, b: Endpoint) => (a.priority ?? 0) - (b.priority ?? 0);
  const usable = isTooMany ? all.toSorted(byPriority).slice(0, maxHosts) : all;
  return { used: subsetOf(usable, policy, id), ...(isTooMany ? { tooMany } : {}) };
}

function subsetOf(usable: readonly Endpoint[], { subsetting }: Policy, id: string): readonly Endpoint[] {
  if (subsetting === undefined || usable.length <= subsetting.size) return usable;
  const mine = new Set(randomSubset(usable.map(endpointKey), subsetting.size, id));
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
  // Weights that are all 0 say nothing of shares (RFC 2782 on SRV): each counts the same then.
  const weightless = all.every(({ isReady, endpoint }) => !isReady || endpoint.weight === 0);
  const weights = all.map((pool) => {
    if (!pool.isReady) return 0;
    const factor = preferred && zonePreference === 'weighted' && inOwnZone(pool) ? ownZoneFactor : 1;
    return (weightless ? 1 : (pool.endpoint.weight ?? 1)) * factor;
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
