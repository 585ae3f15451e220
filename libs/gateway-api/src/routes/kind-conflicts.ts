import { intersection } from '../listeners/hostnames.ts';
import { byAge } from '../objects/meta.ts';
import type { AnyRoute } from './compiled-route.ts';

interface Named {
  route: AnyRoute;
  hostnames: readonly string[];
}

/**
 * A GRPCRoute and an HTTPRoute cannot both have a host name of one listener, says the API: the older one has it.
 * @returns those that lose, with who has it
 */
export function kindConflicts(attached: readonly Named[]): ReadonlyMap<AnyRoute, AnyRoute> {
  const lost = new Map<AnyRoute, AnyRoute>();
  const first = attached[0]?.route.kind;
  if (attached.every(({ route }) => route.kind === first)) return lost;
  const accepted: Named[] = [];
  for (const one of [...attached].sort((a, b) => byAge(a.route.meta, b.route.meta))) {
    const winner = accepted.find(
      ({ route, hostnames }) => route.kind !== one.route.kind && overlap(hostnames, one.hostnames),
    );
    if (winner === undefined) accepted.push(one);
    else lost.set(one.route, winner.route);
  }
  return lost;
}

const overlap = (some: readonly string[], others: readonly string[]) =>
  some.some((one) => others.some((other) => intersection(one, other) !== undefined));
