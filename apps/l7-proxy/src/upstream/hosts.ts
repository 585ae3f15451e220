import { eligibleEndpoints, maxHosts } from '@evenly/balancing';
import type { EligibleEndpoint, Viewer } from '@evenly/balancing';
import type { Endpoint } from '@evenly/endpoints';
import type { Service } from '@evenly/mesh-config';

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
