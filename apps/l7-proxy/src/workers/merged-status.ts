import type {
  EndpointStatus,
  ListenerStatus,
  MemoryStatus,
  ProxyStatus,
  RouteStatus,
  ServiceStatus,
} from '../admin/status.ts';

const nothing: ProxyStatus = {
  waiting: [],
  listeners: [],
  services: [],
  clusters: [],
  unrouted: 0,
  certificates: [],
  memory: { usedBytes: 0, maxBytes: 0, short: false },
};

/** What several workers say, as one: counts are added up; what differs for a moment is the first one's. */
export function mergeStatus(all: readonly ProxyStatus[]): ProxyStatus {
  const [first] = all;
  if (first === undefined) return nothing;
  const refused = all.find(({ refusedConfig }) => refusedConfig !== undefined)?.refusedConfig;
  return {
    waiting: all.flatMap(({ waiting }) => waiting),
    listeners: mergeBy(
      all.map(({ listeners }) => listeners),
      nameOf,
      mergeListener,
    ),
    services: mergeBy(
      all.map(({ services }) => services),
      nameOf,
      mergeService,
    ),
    clusters: mergeBy(
      all.map(({ clusters }) => clusters),
      nameOf,
      (one, other) => (one.away > 0 ? one : other),
    ),
    unrouted: sum(all.map(({ unrouted }) => unrouted)),
    certificates: mergeBy(
      all.map(({ certificates }) => certificates),
      ({ file }) => file,
      (one, other) => (one.error === undefined && !one.endsSoon ? other : one),
    ),
    memory: all.map(({ memory }) => memory).reduce(mergeMemory),
    ...(refused === undefined ? {} : { refusedConfig: refused }),
    ...(first.xds === undefined ? {} : { xds: (all.find(({ xds }) => isTroubled(xds)) ?? first).xds! }),
  };
}

const mergeMemory = (one: MemoryStatus, other: MemoryStatus): MemoryStatus => ({
  ...added(one, other, ['usedBytes', 'maxBytes']),
  short: one.short || other.short,
});

const isTroubled = (xds: ProxyStatus['xds']) =>
  xds !== undefined &&
  (!xds.connected || Object.values(xds.types).some(({ rejected }) => Object.keys(rejected).length > 0));

/** What is wrong in any of them is wrong. */
function wrongInAny<T, K extends keyof T>(one: T, other: T, fields: readonly K[]): Partial<Pick<T, K>> {
  const said = fields
    .map((field) => [field, one[field] ?? other[field]])
    .filter(([, text]) => text !== undefined);
  return Object.fromEntries(said) as Partial<Pick<T, K>>;
}

function mergeListener(one: ListenerStatus, other: ListenerStatus): ListenerStatus {
  return {
    ...added(one, other, ['connections', 'accepted', 'failed', 'refused']),
    ...wrongInAny(one, other, ['error', 'refusedCertificates']),
    full: one.full || other.full,
    routes: mergeBy([one.routes, other.routes], nameOf, mergeRoute),
  };
}

function mergeRoute(one: RouteStatus, other: RouteStatus): RouteStatus {
  const sums = added(one, other, ['active', 'calls', 'failures', 'retries', 'latencySumMs']);
  return { ...sums, latency: one.latency.map((count, bucket) => count + (other.latency[bucket] ?? 0)) };
}

function mergeService(one: ServiceStatus, other: ServiceStatus): ServiceStatus {
  return {
    ...added(one, other, ['underWay', 'waiting']),
    ...wrongInAny(one, other, ['error', 'unusable']),
    openBreakers: mergeBy(
      [one.openBreakers, other.openBreakers],
      ({ kind }) => kind,
      (a, b) => added(a, b, ['refused', 'limit']),
    ),
    endpoints: mergeBy([one.endpoints, other.endpoints], ({ address }) => address, mergeEndpoint),
  };
}

/** The worst that any worker says of an endpoint. */
const states = ['unhealthy', 'unreachable', 'ejected', 'ready'] as const;

function mergeEndpoint(one: EndpointStatus, other: EndpointStatus): EndpointStatus {
  const state = states.find((each) => each === one.state || each === other.state) ?? one.state;
  return {
    ...added(one, other, ['connections', 'active', 'calls', 'failures']),
    state,
    ...wrongInAny(one, other, ['error']),
  };
}

const nameOf = ({ name }: { name: string }) => name;

/** Lists as one, in the order in which the keys occur first. */
function mergeBy<T>(
  lists: readonly (readonly T[])[],
  keyOf: (item: T) => string,
  merge: (one: T, other: T) => T,
): T[] {
  const byKey = new Map<string, T>();
  for (const item of lists.flat()) {
    const known = byKey.get(keyOf(item));
    byKey.set(keyOf(item), known === undefined ? item : merge(known, item));
  }
  return [...byKey.values()];
}

/** The first, with some of its numbers increased by the other's. */
function added<T, K extends keyof T>(one: T, other: T, fields: readonly K[]): T {
  const sums = fields.map((field) => [field, (one[field] as number) + (other[field] as number)]);
  return { ...one, ...(Object.fromEntries(sums) as Record<K, number>) };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
