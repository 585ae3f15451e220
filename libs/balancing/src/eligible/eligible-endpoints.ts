import { endpointKey, type Endpoint } from '@evenly/endpoints';
import { maxPriority } from '../limits.ts';
import { chooseSubset, type ClientId } from '../subset.ts';
import { hintedFor } from './topology-hints.ts';
import type { Viewer } from './viewer.ts';
import { isElsewhere, preferenceOf, type Place, type PlacePreference } from './zone-preference.ts';

/** What decides which endpoints of a service a client may call. */
export interface EligibilityPolicy extends PlacePreference {
  /** Each client gets so many of them (gRFC A68); absent = all. */
  subsetting?: { readonly size: number } | undefined;
}

export const nowhere: Place = { region: '', zone: '' };

/** An endpoint that may get calls, and how many. */
export interface EligibleEndpoint extends Place {
  readonly endpoint: Endpoint;
  /** 0 is used first, a higher one only while those before it cannot serve; contiguous from 0, at most 127. */
  readonly priority: number;
  /** Above 0: the share of calls relative to the others of its priority. */
  readonly weight: number;
}

/**
 * Which endpoints of a service this viewer may call, sorted by priority, each with its share. The one place where that is
 * decided: carriers translate it, and add only what they alone know (connections, health as they see it).
 * @param home where endpoints are that do not say it themselves
 */
export function eligibleEndpoints(
  endpoints: readonly Endpoint[],
  policy: EligibilityPolicy,
  viewer: Viewer,
  home: Place = nowhere,
): EligibleEndpoint[] {
  const usable = callable(endpoints);
  const hinted = policy.zonePreference === 'hints' ? hintedIn(usable, policy, viewer, home) : usable;
  const candidates = withWeight(hinted).map((endpoint): Candidate => {
    const place = { region: endpoint.region ?? home.region, zone: endpoint.zone ?? home.zone };
    const { factor, tier, isPreferred } = preferenceOf(policy, place, viewer);
    // The source's priorities come first, then the tiers within each.
    const rank = (endpoint.priority ?? 0) * tiers + tier;
    return { endpoint, place, rank, isPreferred, weight: (endpoint.weight || 1) * factor };
  });
  candidates.sort((a, b) => a.rank - b.rank);
  return withPriorities(subsetOf(candidates, policy, viewer.id));
}

/** Hints are a cluster's own, for zones and nodes that it knows: other regions have theirs, for others. */
function hintedIn(
  endpoints: readonly Endpoint[],
  { ownRegionFirst = false }: EligibilityPolicy,
  viewer: Viewer,
  home: Place,
): readonly Endpoint[] {
  if (!ownRegionFirst) return hintedFor(endpoints, viewer);
  const isOwn = ({ region = home.region }: Endpoint) => !isElsewhere({ region }, viewer);
  const own = hintedFor(endpoints.filter(isOwn), viewer);
  return [...own, ...endpoints.filter((endpoint) => !isOwn(endpoint))];
}

interface Candidate {
  endpoint: Endpoint;
  place: Place;
  rank: number;
  isPreferred: boolean;
  weight: number;
}

/** Of zones, within a priority. */
const tiers = 3;

/**
 * The ready ones; where there is none, those that still serve while they end (KEP-1672). So an endpoint that ends gets no
 * new call long before its connection closes, and a service whose last endpoints all end is served to the last.
 */
function callable(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const ready = endpoints.filter(({ state }) => state === 'ready');
  return ready.length > 0 ? ready : endpoints.filter(({ state }) => state === 'serving-terminating');
}

/** A weight of 0 is "no calls"; but where all of a priority weigh 0, that says nothing of shares (RFC 2782, on SRV). */
function withWeight(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  if (endpoints.every(({ weight }) => weight !== 0)) return endpoints;
  const weighty = new Set<number>();
  for (const { weight, priority = 0 } of endpoints) if (weight !== 0) weighty.add(priority);
  return endpoints.filter(({ weight, priority = 0 }) => weight !== 0 || !weighty.has(priority));
}

/** From the first priority on, those that are preferred first, until there are enough. */
function subsetOf(
  candidates: readonly Candidate[],
  { subsetting }: EligibilityPolicy,
  id: ClientId,
): readonly Candidate[] {
  if (subsetting === undefined || candidates.length <= subsetting.size) return candidates;
  const groups = new Map<number, Map<string, Candidate>>();
  for (const candidate of candidates) {
    const key = candidate.rank * 2 + (candidate.isPreferred ? 0 : 1);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = new Map<string, Candidate>()));
    group.set(endpointKey(candidate.endpoint), candidate);
  }
  const chosen: Candidate[] = [];
  for (const [, group] of [...groups].sort(([a], [b]) => a - b)) {
    const size = subsetting.size - chosen.length;
    if (size <= 0) break;
    for (const key of chooseSubset([...group.keys()], size, id)) chosen.push(group.get(key)!);
  }
  return chosen;
}

/** Clients refuse a gap: the ranks that occur become 0, 1, 2 … */
function withPriorities(sorted: readonly Candidate[]): EligibleEndpoint[] {
  let priority = -1;
  let last = -1;
  return sorted.map(({ endpoint, place, rank, weight }) => {
    if (rank !== last) priority = Math.min(maxPriority, priority + 1);
    last = rank;
    return { endpoint, ...place, priority, weight };
  });
}
