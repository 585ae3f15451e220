import type { Host } from './host.ts';
import { isInPanic } from './panic.ts';
import { areTooWeak, priorityShares, type Capacity } from './priorities.ts';
import { ownZoneShare, type ZoneOptions } from './zones.ts';

/** Hosts that get a share of the calls between them. */
export interface Group<T> {
  /** 0 (excluded) to 1. */
  readonly share: number;
  readonly hosts: readonly Host<T>[];
}

export interface GroupOptions {
  zone: ZoneOptions | undefined;
  panicThreshold: number;
  overprovisioning: number;
}

/**
 * Who may get calls now, and how many: at most two groups (own zone, other zones) for each priority. Shares sum to 1;
 * no groups if nobody may.
 */
export function groupHosts<T>(
  hosts: readonly Host<T>[],
  isHealthy: (host: Host<T>) => boolean,
  options: GroupOptions,
): Group<T>[] {
  const { panicThreshold, overprovisioning } = options;
  const levels = byPriority(hosts.filter(({ weight }) => weight > 0));
  const capacities = levels.map((level) => capacityOf(level, isHealthy));
  const shares = priorityShares(capacities, overprovisioning);
  const mayPanic = areTooWeak(capacities, overprovisioning);
  const groups = levels.flatMap((level, index) => {
    const { healthy, total } = capacities[index]!;
    const panic = mayPanic && isInPanic(healthy / total, panicThreshold);
    return byZone(level, panic ? () => true : isHealthy, shares[index]!, options);
  });
  return groups.filter(({ share, hosts }) => share > 0 && hosts.length > 0);
}

function byPriority<T>(hosts: readonly Host<T>[]): Host<T>[][] {
  const levels = new Map<number, Host<T>[]>();
  for (const host of hosts) {
    const level = levels.get(host.priority);
    if (level) level.push(host);
    else levels.set(host.priority, [host]);
  }
  return [...levels].sort(([a], [b]) => a - b).map(([, level]) => level);
}

function byZone<T>(
  level: readonly Host<T>[],
  isUsable: (host: Host<T>) => boolean,
  share: number,
  { zone, overprovisioning }: GroupOptions,
): Group<T>[] {
  if (zone === undefined) return [{ share, hosts: level.filter(isUsable) }];
  const own = level.filter((host) => host.zone === zone.own);
  const others = level.filter((host) => host.zone !== zone.own);
  const stay = ownZoneShare(
    capacityOf(own, isUsable),
    capacityOf(others, isUsable),
    overprovisioning,
    zone.callersShare,
  );
  return [
    { share: share * stay, hosts: own.filter(isUsable) },
    { share: share * (1 - stay), hosts: others.filter(isUsable) },
  ];
}

function capacityOf<T>(hosts: readonly Host<T>[], isHealthy: (host: Host<T>) => boolean): Capacity {
  const capacity = { total: 0, healthy: 0 };
  for (const host of hosts) {
    capacity.total += host.weight;
    if (isHealthy(host)) capacity.healthy += host.weight;
  }
  return capacity;
}
