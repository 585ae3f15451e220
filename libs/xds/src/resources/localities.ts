import type { Endpoint } from '@evenly/endpoints';
import type { Locality, ZonePreference } from '@evenly/mesh-config';
import type { NodeInfo } from '../node.ts';

/** Endpoints of one zone and one priority, with their weight against the other localities of that priority. */
export interface LocalityGroup {
  region: string;
  zone: string;
  /** 0 first; contiguous from 0, as clients demand. */
  priority: number;
  weight: number;
  endpoints: Endpoint[];
}

/** How much more an endpoint in the client's own zone counts with the preference `weighted`. */
const ownZoneFactor = 1000;

/** Of a single locality, whose weight means nothing but must not be 0 (gRPC clients drop such a one silently). */
const anyWeight = 1000;

/** The largest weight of a locality; the sum of a priority's must fit 32 bits. */
const maxWeight = 0xffff_ffff;

/**
 * Groups endpoints by priority and zone, as this client should see them. Localities weigh as their endpoints do
 * together, so that without a preference every endpoint gets the same share of calls, whatever zone it is in.
 */
export function localityGroups(
  endpoints: readonly Endpoint[],
  home: Locality,
  preference: ZonePreference,
  node: Pick<NodeInfo, 'region' | 'zone'>,
): LocalityGroup[] {
  const groups = new Map<string, LocalityGroup>();
  for (const endpoint of endpoints) {
    const zone = endpoint.zone ?? home.zone;
    const own = node.zone !== '' && zone === node.zone;
    const distance =
      preference === 'failover' && node.zone !== '' ? distanceOf(own, home.region, node.region) : 0;
    const rank = (endpoint.priority ?? 0) * 3 + distance;
    const key = `${rank} ${zone}`;
    let group = groups.get(key);
    if (group === undefined) {
      groups.set(key, (group = { region: home.region, zone, priority: rank, weight: 0, endpoints: [] }));
    }
    group.endpoints.push(endpoint);
    group.weight += (endpoint.weight ?? 1) * (preference === 'weighted' && own ? ownZoneFactor : 1);
  }
  const sorted = [...groups.values()].sort((a, b) => a.priority - b.priority || (a.zone < b.zone ? -1 : 1));
  return withContiguousPriorities(sorted).map((group) => ({
    ...group,
    weight: sorted.length === 1 ? anyWeight : Math.min(group.weight, Math.floor(maxWeight / sorted.length)),
  }));
}

/** 0 in the client's zone, 1 in its region, 2 elsewhere. */
function distanceOf(ownZone: boolean, region: string, nodeRegion: string): number {
  if (ownZone) return 0;
  return region !== '' && region === nodeRegion ? 1 : 2;
}

/** Clients refuse a gap: the ranks that occur become 0, 1, 2 … */
function withContiguousPriorities(groups: LocalityGroup[]): LocalityGroup[] {
  const ranks = [...new Set(groups.map(({ priority }) => priority))];
  return groups.map((group) => ({ ...group, priority: ranks.indexOf(group.priority) }));
}
