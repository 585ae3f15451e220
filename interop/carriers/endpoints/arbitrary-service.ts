import fc from 'fast-check';
import { expectedEndpoints } from './model.ts';
import { deadBackends, goodBackends, isDead, type EndpointOf, type Policy, type Service } from './service.ts';

const oneOf = <T>(list: readonly T[]) => fc.constantFrom(...list);
const some = <T>(list: readonly T[]) => fc.uniqueArray(oneOf(list), { minLength: 1, maxLength: 2 });

/** Hints are mostly on all endpoints or on none: else none count. */
const hints = {
  none: fc.constant({}),
  zones: fc.record({ forZones: some(['a', 'b', 'c']) }),
  nodes: fc.record({ forNodes: some(['n1', 'n2']) }),
  both: fc.record({ forZones: some(['a', 'b']), forNodes: some(['n1', 'n2']) }),
};

const place = fc.record(
  { region: oneOf(['west', 'east']), zone: oneOf(['a', 'b']), weight: oneOf([1, 1, 2, 5]) },
  { requiredKeys: [] },
);
const standing = fc.record(
  {
    priority: oneOf([0, 0, 1, 3]),
    state: oneOf(['ready', 'ready', 'ready', 'serving-terminating', 'not-ready'] as const),
  },
  { requiredKeys: [] },
);

const endpointsOf = (...parts: fc.Arbitrary<Partial<EndpointOf>>[]) =>
  oneOf([goodBackends, goodBackends, [...goodBackends, ...deadBackends]])
    .chain((backends) => fc.uniqueArray(oneOf(backends), { minLength: 1, maxLength: 6 }))
    .chain((all) =>
      fc.tuple(
        ...all.map((at) =>
          fc.tuple(...parts).map((fields) => ({ at, ...(Object.assign({}, ...fields) as object) })),
        ),
      ),
    );

const policy = fc.record(
  {
    loadBalancing: oneOf(['round-robin', 'weighted-round-robin'] as const),
    zonePreference: oneOf(['none', 'weighted', 'failover', 'hints'] as const),
    subsetting: fc.record({ size: fc.integer({ min: 1, max: 4 }) }),
  },
  { requiredKeys: ['zonePreference'] },
);

/** Services whose endpoints say all that they can say of themselves. */
export const arbitraryService: fc.Arbitrary<Service> = oneOf(Object.values(hints))
  .chain((hint) => fc.record({ endpoints: endpointsOf(place, standing, hint), policy }))
  .map(likeForAll)
  .filter(endsForAll);

/**
 * No subset where some endpoints cannot be reached, for it may be of those alone; nor with `weighted`, where those elsewhere
 * get too few calls to show who is in it.
 */
function likeForAll({ endpoints, policy: { subsetting, ...policy } }: Service & { policy: Policy }): Service {
  const isWhole = subsetting === undefined || endpoints.some(isDead) || policy.zonePreference === 'weighted';
  return { endpoints, policy: isWhole ? policy : { ...policy, subsetting } };
}

/** What a call ends with that nobody can take is for `outcomes` to compare. */
function endsForAll(service: Service): boolean {
  return !service.endpoints.some(isDead) || expectedEndpoints(service).used.length > 0;
}
