import type { Outcome } from '../asked-client.ts';
import type { Checks } from './bound.ts';
import type { Carrier } from './carriers.ts';
import { inheritsInLocality } from './differences.ts';
import { expectedEndpoints, sharesOf, type Expected } from './model.ts';
import type { EndpointOf, Policy, Service } from './service.ts';

/** Enough where all is dealt in one turn, for nothing is left to chance; and where turns are drawn. */
const callsOfOneTurn = 60;
const callsOfMore = 300;
/** Under way at a time; one where the choice goes by how many are. */
const widthFor = ({ loadBalancing = 'round-robin' }: Policy) =>
  loadBalancing.endsWith('round-robin') ? 4 : 1;
/** Who has less of a share is not waited for. */
const noticeable = 0.08;
const settleCalls = 60;
const settleTimeoutMs = 15_000;

type Counts = Map<string, number>;

/** What a carrier makes of a service where it is not what the model says: empty when they agree. */
export async function shareDifferences(
  carrier: Carrier,
  name: string,
  service: Service,
  checks: Checks,
): Promise<string[]> {
  const { policy = {} } = service;
  const tally = (count: number) => tallied(() => carrier.make(name, service), count, widthFor(policy));
  const settled = await settle(tally, carrier, service);
  if (typeof settled === 'string') return [`${carrier.name}: ${settled}`];
  if (settled.length === 0) return [];
  const turns = groupedBy(sharesFor(carrier, settled, service), ({ endpoint }) =>
    carrier.turnOf(endpoint, policy),
  );
  const counts = await tally(turns.length === 1 ? callsOfOneTurn : callsOfMore);
  const faults = faultsOf(counts, turns, checks);
  return faults.map((fault) => `${carrier.name}: ${fault}; ${JSON.stringify(Object.fromEntries(counts))}`);
}

/**
 * Until those that should have calls have them, and nobody else.
 * @returns who has them, or what was seen last, if that never was so
 */
async function settle(
  tally: (count: number) => Promise<Counts>,
  carrier: Carrier,
  service: Service,
): Promise<readonly EndpointOf[] | string> {
  const { used, count } = expectedEndpoints(service);
  const wanted = sharesFor(carrier, used, service).filter(({ share }) => share >= noticeable);
  const untilMs = Date.now() + settleTimeoutMs;
  for (;;) {
    const counts = await tally(settleCalls);
    const seen = used.filter(({ at }) => counts.has(at));
    if (used.length === 0 && counts.size === 1 && counts.has('UNAVAILABLE')) return [];
    const areOnly = used.length > 0 && seen.length === counts.size;
    if (areOnly && count < used.length && seen.length === count) return seen;
    if (areOnly && count === used.length && wanted.every(({ endpoint: { at } }) => counts.has(at)))
      return used;
    if (Date.now() < untilMs) continue;
    const names = used.map(({ at }) => at).join(', ');
    return `should come to ${count} of (${names}), is ${JSON.stringify(Object.fromEntries(counts))}`;
  }
}

/** As the docs say, or as the table of differences says of this client. */
function sharesFor({ client }: Carrier, endpoints: readonly EndpointOf[], service: Service): Expected[] {
  const { unreachable } = expectedEndpoints(service);
  return sharesOf(endpoints, service.policy, inheritsInLocality(client) ? unreachable : []);
}

/**
 * Beginnings of a turn: of what is counted two, for a turn that is under way counts from a place within it and to another,
 * and one more, for a connection that comes or goes meanwhile.
 */
const beginnings = 3;

/** What is wrong with the counts, a line each. */
export function faultsOf(counts: Counts, turns: readonly (readonly Expected[])[], checks: Checks): string[] {
  const known = new Set<string>(turns.flat().map(({ endpoint: { at } }) => at));
  const strangers = [...counts.keys()].filter((who) => !known.has(who));
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const faults = strangers.map((who) => `${who} should not be`);
  for (const turn of turns) {
    const share = turn.reduce((sum, one) => sum + one.share, 0);
    const count = turn.reduce((sum, { endpoint: { at } }) => sum + (counts.get(at) ?? 0), 0);
    const names = turn.map(({ endpoint: { at } }) => at).join(', ');
    if (!checks.isLikely(count, all, share)) faults.push(`${names}: ${count} of ${all}, should be ${share}`);
    for (const { endpoint, share: own } of turn) {
      const part = own / share;
      // In a turn of k, nobody is farther from his part of the calls so far than one, and his part of k (each has at most
      // one in hand, in earliest deadline first as well).
      const most = beginnings * (1 + turn.length * part);
      const got = counts.get(endpoint.at) ?? 0;
      if (Math.abs(got - count * part) > most)
        faults.push(`${endpoint.at}: ${got} of the ${count} of its turn, should be ${part}`);
    }
  }
  return faults;
}

function groupedBy<T>(all: readonly T[], keyOf: (one: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return [...groups.values()];
}

/** Who answered so many calls, or how they ended. */
async function tallied(make: () => Promise<Outcome>, count: number, width: number): Promise<Counts> {
  const counts: Counts = new Map();
  let left = count;
  const caller = async () => {
    while (left-- > 0) {
      const outcome = await make();
      const what = 'from' in outcome ? outcome.from : outcome.code.replace(/^unavailable$/i, 'UNAVAILABLE');
      counts.set(what, (counts.get(what) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: width }, caller));
  return counts;
}
