import type { EligibleEndpoint } from '@evenly/balancing';

/** Endpoints of one place and one priority, with their weight against the other localities of that priority. */
export interface LocalityGroup {
  region: string;
  zone: string;
  subZone: string;
  /** 0 first; contiguous from 0, as clients demand. */
  priority: number;
  weight: number;
  endpoints: EligibleEndpoint[];
}

/** Of a single locality, whose weight means nothing but must not be 0 (gRPC clients drop such a one silently). */
const anyWeight = 1000;

/** The largest sum of the weights of a priority's localities, and of a locality's endpoints (gRFC A27). */
const maxSum = 0xffff_ffff;

/**
 * Groups endpoints by priority and place. Localities weigh as their endpoints do together, so that every endpoint gets
 * its share of calls, whatever zone it is in.
 * @param perWeight with a locality for each weight that the endpoints have of themselves
 */
export function localityGroups(endpoints: readonly EligibleEndpoint[], perWeight: boolean): LocalityGroup[] {
  const groups = new Map<string, LocalityGroup>();
  for (const endpoint of endpoints) {
    const { region, zone, priority, weight } = endpoint;
    const { weight: own = 1 } = endpoint.endpoint;
    const subZone = perWeight && own !== 1 ? `weight-${own}` : '';
    const key = JSON.stringify([priority, region, zone, subZone]);
    let group = groups.get(key);
    if (group === undefined) {
      groups.set(key, (group = { region, zone, subZone, priority, weight: 0, endpoints: [] }));
    }
    group.endpoints.push(endpoint);
    group.weight += weight;
  }
  const sorted = [...groups.values()].sort(
    (a, b) => a.priority - b.priority || (keyOf(a) < keyOf(b) ? -1 : 1),
  );
  const scales = scalesOf(sorted);
  return sorted.map((group) => ({
    ...group,
    weight: sorted.length === 1 ? anyWeight : Math.max(1, Math.floor(group.weight * scales[group.priority]!)),
  }));
}

const keyOf = ({ zone, region, subZone }: LocalityGroup) => `${zone}\0${region}\0${subZone}`;

/** Of each priority: brings sums that are too large into range; only relations count. */
function scalesOf(groups: readonly LocalityGroup[]): number[] {
  const sums: number[] = [];
  for (const { priority, weight } of groups) sums[priority] = (sums[priority] ?? 0) + weight;
  // One for each locality is room for those that are rounded up.
  return sums.map((sum) => Math.min(1, (maxSum - groups.length) / sum));
}
