import type { Host } from './host.ts';
import { isInPanic } from './panic.ts';

/**
 * Who may get calls now: the healthy hosts of the first priority that has one, which keeps its calls as long as it has
 * (gRFC A56). Health is ignored where too few are healthy, unless another priority has somebody to take over; where nobody
 * is, in the first priority.
 * @param panicThreshold 0 (never) to 1
 * @returns nobody if nobody may
 */
export function usableHosts<T>(
  hosts: readonly Host<T>[],
  isHealthy: (host: Host<T>) => boolean,
  panicThreshold: number,
): readonly Host<T>[] {
  const levels = byPriority(hosts.filter(({ weight }) => weight > 0));
  const serving = levels.filter((level) => level.some(isHealthy));
  const level = serving[0] ?? levels[0] ?? [];
  const healthy = level.filter(isHealthy);
  const mayPanic = serving.length < 2;
  return mayPanic && isInPanic(capacity(healthy) / capacity(level), panicThreshold) ? level : healthy;
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

const capacity = (hosts: readonly Host[]): number => hosts.reduce((sum, { weight }) => sum + weight, 0);
