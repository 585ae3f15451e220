import { intersection } from '../listeners/hostnames.ts';
import { byAge } from '../objects/meta.ts';
import type { Attachment } from './attachment.ts';
import type { AnyRoute } from './compiled-route.ts';

/**
 * A GRPCRoute and an HTTPRoute cannot both have a host name of one listener, says the API: the older one has it.
 * @returns those that lose, with who has it
 */
export function kindConflicts(attached: readonly Attachment[]): ReadonlyMap<AnyRoute, AnyRoute> {
  const lost = new Map<AnyRoute, AnyRoute>();
  const first = attached[0]?.route.object.kind;
  if (attached.every(({ route }) => route.object.kind === first)) return lost;
  const accepted: Attachment[] = [];
  for (const one of [...attached].sort((a, b) => byAge(a.route.object.meta, b.route.object.meta))) {
    const { kind } = one.route.object;
    const winner = accepted.find(
      ({ route, hostnames }) => route.object.kind !== kind && overlap(hostnames, one.hostnames),
    );
    if (winner === undefined) accepted.push(one);
    else lost.set(one.route.object, winner.route.object);
  }
  return lost;
}

const overlap = (some: readonly string[], others: readonly string[]) =>
  some.some((one) => others.some((other) => intersection(one, other) !== undefined));
