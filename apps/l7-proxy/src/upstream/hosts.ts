import { eligibleEndpoints, maxHosts, maxWeight } from '@evenly/balancing';
import type { EligibleEndpoint, HostSpec, Viewer } from '@evenly/balancing';
import type { Endpoint } from '@evenly/endpoints';
import type { Service } from '@evenly/mesh-config';
import type { EndpointPool } from './endpoint-pool.ts';

/** The endpoints that may get new calls. Of more than a balancer takes, those of the first priorities. */
export function usableEndpoints(
  endpoints: readonly Endpoint[],
  { policy, locality }: Pick<Service, 'policy' | 'locality'>,
  identity: Viewer,
): { used: readonly EligibleEndpoint[]; tooMany?: string } {
  const eligible = eligibleEndpoints(endpoints, policy, identity, locality);
  if (eligible.length <= maxHosts) return { used: eligible };
  const tooMany = `${eligible.length} endpoints are too many: ${maxHosts} get calls`;
  return { used: eligible.slice(0, maxHosts), tooMany };
}

/** A pool of connections, and what its endpoint is eligible for. */
export interface EligiblePool {
  pool: EndpointPool;
  eligible: EligibleEndpoint;
}

/**
 * What the balancer is told. An endpoint without a connection has weight 0, which is "no calls" but no word about its
 * health: a connection that is being replaced must not set off a panic, nor forget that its host was ejected.
 * @returns undefined while nobody is connected: there is nothing to choose from, and calls wait
 */
export function hostSpecs(all: readonly EligiblePool[]): HostSpec<EndpointPool>[] | undefined {
  const heaviest = all.reduce(
    (most, { pool, eligible }) => (pool.isReady ? Math.max(most, eligible.weight) : most),
    0,
  );
  if (heaviest === 0) return undefined;
  const scale = Math.min(1, maxWeight / heaviest);
  return all.map(({ pool, eligible: { weight, priority } }) => ({
    key: pool.key,
    target: pool,
    weight: pool.isReady ? weight * scale : 0,
    priority,
  }));
}
