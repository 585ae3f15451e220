import { BalancingError } from './errors.ts';
import { LatencyModel, type LatencyOptions } from './latency.ts';
import { LeastRequest } from './least-request.ts';
import { PeakEwma } from './peak-ewma.ts';
import type { Host } from './host.ts';
import type { Picker, Random, Weigh } from './picker.ts';
import { RandomChoice } from './random-choice.ts';
import { RingHash, type RingHashOptions } from './ring-hash.ts';
import { RoundRobin } from './round-robin.ts';
import type { ChoicesOptions } from './two-choices.ts';
import { WeightedRoundRobin } from './weighted-round-robin.ts';

/** Which host of a group gets the next call. */
export type BalancingPolicy =
  | { name: 'round-robin' }
  | { name: 'weighted-round-robin' }
  | ({ name: 'least-request' } & ChoicesOptions)
  | ({ name: 'peak-ewma' } & ChoicesOptions & LatencyOptions)
  | { name: 'random' }
  | ({ name: 'ring-hash' } & RingHashOptions);

export type BalancingPolicyName = BalancingPolicy['name'];

/** What sets a policy apart: whoever treats some of them in another way goes by this, and not by their names. */
export interface PolicyTraits {
  /** Its choice goes by what is told of calls: without that it chooses by chance. */
  learnsFromCalls: boolean;
  /** Calls with the same hash go to the same host. */
  sticky: boolean;
  /** The options that it has, of those that several have. */
  options: readonly ('choices' | 'decayMs')[];
}

export interface PickerFactory<T> extends PolicyTraits {
  /** @param factor of the weight, for slow start; undefined while no host needs it */
  make(hosts: readonly Host<T>[], factor: Weigh<T> | undefined): Picker<T>;
  /** Set if the policy learns from latencies. */
  latency?: LatencyModel;
}

type Made<T> = Pick<PickerFactory<T>, 'make' | 'latency'>;

/** All that there is to know of a policy. */
interface Definition<Policy> extends PolicyTraits {
  factory: <T>(policy: Policy, random: Random) => Made<T>;
}

const plain = { learnsFromCalls: false, sticky: false, options: [] };
const choosing = { learnsFromCalls: true, sticky: false };

/** All policies: whoever lists them does so from here. */
const definitions: { readonly [P in BalancingPolicy as P['name']]: Definition<P> } = {
  'round-robin': {
    ...plain,
    // Plain round robin knows no weights, so slow start needs the weighted one, with equal weights.
    factory: (_, random) => ({
      make: (hosts, factor) =>
        factor ? new WeightedRoundRobin(hosts, random, factor) : new RoundRobin(hosts, random),
    }),
  },
  'weighted-round-robin': {
    ...plain,
    factory: (_, random) => ({
      make: (hosts, factor) =>
        // Where all weigh the same, without the heap.
        factor === undefined && hosts.every(({ weight }) => weight === hosts[0]!.weight)
          ? new RoundRobin(hosts, random)
          : new WeightedRoundRobin(hosts, random, weighBy(factor)),
    }),
  },
  'least-request': {
    ...choosing,
    options: ['choices'],
    factory: (policy, random) => ({
      make: (hosts, factor) => new LeastRequest(hosts, random, policy, weighBy(factor)),
    }),
  },
  'peak-ewma': {
    ...choosing,
    options: ['choices', 'decayMs'],
    factory: (policy, random) => {
      const latency = new LatencyModel(policy);
      return {
        latency,
        make: (hosts, factor) => new PeakEwma(hosts, random, latency, policy, weighBy(factor)),
      };
    },
  },
  random: {
    ...plain,
    factory: (_, random) => ({
      make: (hosts, factor) => new RandomChoice(hosts, random, weighBy(factor)),
    }),
  },
  'ring-hash': {
    ...plain,
    sticky: true,
    // Not slowed: a weight that grows would move keys again and again.
    factory: (policy, random) => ({ make: (hosts) => new RingHash(hosts, random, policy) }),
  },
};

export const policyTraits: { readonly [Name in BalancingPolicyName]: PolicyTraits } = definitions;

/** @throws BalancingError `BAD_OPTION` at once, not only when there are hosts */
export function pickerFactory<T>(policy: BalancingPolicy, random: Random): PickerFactory<T> {
  if (!Object.hasOwn(definitions, policy.name))
    throw new BalancingError('BAD_OPTION', `policy ${policy.name} is not known`);
  // The policy is one of the definition's own, which the compiler cannot see of a union.
  const { factory, ...traits } = definitions[policy.name] as Definition<BalancingPolicy>;
  const made = { ...traits, ...factory<T>(policy, random) };
  made.make([], undefined);
  return made;
}

function weighBy<T>(factor: Weigh<T> | undefined): Weigh<T> {
  return factor ? (host) => host.weight * factor(host) : (host) => host.weight;
}
