import type { Capacity } from './priorities.ts';

export interface ZoneOptions {
  /** Where the caller is. */
  own: string;
  /**
   * Share of all callers that are in this zone, above 0 to 1. With three zones of equal traffic 1/3: then a zone with
   * few hosts is spared. Default: as much as the zone has of the hosts, so only its health counts.
   */
  callersShare?: number;
}

/**
 * Share of the calls that stays in the own zone, 0 to 1; the rest is for the hosts of all other zones, in proportion
 * to their weights. All of it while the zone's healthy capacity × overprovisioning covers what its callers need.
 *
 * Envoy knows the callers of each zone from a `local_cluster`; here the caller says its share.
 */
export function ownZoneShare(
  own: Capacity,
  others: Capacity,
  overprovisioning: number,
  callersShare?: number,
): number {
  if (own.healthy === 0) return 0;
  if (others.healthy === 0) return 1;
  const needed = callersShare === undefined ? own.total : callersShare * (own.total + others.total);
  return Math.min(1, (overprovisioning * own.healthy) / needed);
}
