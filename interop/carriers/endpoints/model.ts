import { isDead, isSick, viewer, type EndpointOf, type Policy, type Service } from './service.ts';

/** An endpoint that gets calls, and its share of them, 0 to 1. */
export interface Expected {
  endpoint: EndpointOf;
  share: number;
}

/**
 * Which endpoints get the calls of the viewer, as `docs/mesh-config.md` says it: so many of these. Written for clarity and
 * apart from the product, which it judges: each sentence of the docs is a function here.
 */
export function expectedEndpoints({ endpoints, policy = {}, locality = {} }: Service) {
  const placed = endpoints.map((endpoint) => ({ ...locality, ...endpoint }));
  const first = firstThatServe(withoutOutliers(hinted(callable(placed), policy), policy), policy);
  const used = first.filter((one) => !isDead(one));
  // "A client gets endpoints of the first priorities … which ones is decided by who it is."
  const count = Math.min(used.length, policy.subsetting?.size ?? Infinity);
  return { used, unreachable: first.filter(isDead), count };
}

/**
 * "As often as their weights say." The shares of all sum to 1.
 * @param unreachable whose shares the others of their localities get, and nobody else: none, where it is as the docs say
 */
export function sharesOf(
  endpoints: readonly EndpointOf[],
  policy: Policy = {},
  unreachable: readonly EndpointOf[] = [],
): Expected[] {
  const weightOf = (endpoint: EndpointOf) => (endpoint.weight ?? 1) * preference(endpoint, policy);
  const weightIn = (some: readonly EndpointOf[], locality: string) =>
    sumOf(some.filter((one) => localityOf(one) === locality).map(weightOf));
  const weights = endpoints.map((endpoint) => {
    const locality = localityOf(endpoint);
    const inherited = weightIn(unreachable, locality) / weightIn(endpoints, locality);
    return weightOf(endpoint) * (1 + inherited);
  });
  return endpoints.map((endpoint, index) => ({ endpoint, share: weights[index]! / sumOf(weights) }));
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0);

/** What gRPC clients choose first, by its weight: each weight of endpoints has a locality of its own. */
export const localityOf = ({ region, zone, weight = 1 }: EndpointOf) =>
  JSON.stringify([region, zone, weight]);

/** "Only endpoints that are ready get calls; where none is, those that still serve while they end." */
function callable(endpoints: readonly EndpointOf[]): readonly EndpointOf[] {
  const ready = endpoints.filter(({ state = 'ready' }) => state === 'ready');
  return ready.length > 0 ? ready : endpoints.filter(({ state }) => state === 'serving-terminating');
}

/**
 * "`hints`: go to the endpoints that the Service's topology hints name for that node, or else for that zone; hints of a kind
 * count where every endpoint has them and one of them is for the caller."
 */
function hinted(endpoints: readonly EndpointOf[], { zonePreference }: Policy): readonly EndpointOf[] {
  if (zonePreference !== 'hints') return endpoints;
  const forNode = endpoints.filter(({ forNodes = [] }) => forNodes.includes(viewer.node));
  if (forNode.length > 0 && endpoints.every(({ forNodes }) => forNodes !== undefined)) return forNode;
  const forZone = endpoints.filter(({ forZones = [] }) => forZones.includes(viewer.zone));
  if (forZone.length > 0 && endpoints.every(({ forZones }) => forZones !== undefined)) return forZone;
  return endpoints;
}

/** "Ejects who fails more than this share of the calls": those that fail all of them, and not longer than they do. */
function withoutOutliers(endpoints: readonly EndpointOf[], { outlierDetection }: Policy) {
  return outlierDetection === undefined ? endpoints : endpoints.filter((one) => !isSick(one));
}

/** "0 (absent) first, a higher one only while those before cannot serve"; and `failover` within each of them. */
function firstThatServe(endpoints: readonly EndpointOf[], policy: Policy): readonly EndpointOf[] {
  const rank = (one: EndpointOf) => (one.priority ?? 0) * 3 + distance(one, policy);
  const first = Math.min(...endpoints.filter((one) => !isDead(one)).map(rank));
  return endpoints.filter((one) => rank(one) === first);
}

/** "`failover`: stay in that zone as long as it has healthy endpoints, then in its region, then go anywhere." */
function distance(endpoint: EndpointOf, { zonePreference }: Policy): 0 | 1 | 2 {
  if (zonePreference !== 'failover' || isInOwnZone(endpoint)) return 0;
  return endpoint.region === viewer.region ? 1 : 2;
}

/** "`weighted`: go to an endpoint in that zone 1000 times as often as to one elsewhere." */
function preference(endpoint: EndpointOf, { zonePreference }: Policy): 1 | 1000 {
  return zonePreference === 'weighted' && isInOwnZone(endpoint) ? 1000 : 1;
}

/** Zones of one name in two regions are two; an endpoint that says no region is taken by its zone. */
function isInOwnZone({ region = '', zone }: EndpointOf): boolean {
  return zone === viewer.zone && (region === '' || region === viewer.region);
}
