import { eligibleEndpoints, maxHosts } from '@evenly/balancing';
import type { EligibleEndpoint, Viewer } from '@evenly/balancing';
import type { Endpoint } from '@evenly/endpoints';
import { hasSeveralRegions, regionOfCaller, type Regions, type Service } from '@evenly/mesh-config';

/** The endpoints that may get new calls. Of more than a balancer takes, those of the first priorities. */
export function usableEndpoints(
  endpoints: readonly Endpoint[],
  { policy, locality, regions }: Pick<Service, 'policy' | 'locality'> & { regions: Regions },
  identity: Viewer,
): { used: readonly EligibleEndpoint[]; tooMany?: string } {
  const preference = { ...policy, ownRegionFirst: hasSeveralRegions(regions) };
  const viewer = { ...identity, region: regionOfCaller(regions, identity.region) };
  const eligible = eligibleEndpoints(endpoints, preference, viewer, locality);
  if (eligible.length <= maxHosts) return { used: eligible };
  const tooMany = `${eligible.length} endpoints are too many: ${maxHosts} get calls`;
  return { used: eligible.slice(0, maxHosts), tooMany };
}
