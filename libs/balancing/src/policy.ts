import { BalancingError } from './errors.ts';
import { LatencyModel, type LatencyOptions } from './latency.ts';
import { LeastRequest } from './least-request.ts';
import { PeakEwma } from './peak-ewma.ts';
import type { Host } from './host.ts';
import type { Picker, Random, Weigh } from './picker.ts';
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
  | ({ name: 'ring-hash' } & RingHashOptions);

export interface PickerFactory<T> {
  /** @param factor of the weight, for slow start; undefined while no host needs it */
  make(hosts: readonly Host<T>[], factor: Weigh<T> | undefined): Picker<T>;
  /** Its choice goes by what is told of calls: without that it chooses by chance. */
  learnsFromCalls: boolean;
  /** Set if the policy learns from latencies. */
  latency?: LatencyModel;
}

/** @throws BalancingError `BAD_OPTION` at once, not only when there are hosts */
export function pickerFactory<T>(policy: BalancingPolicy, random: Random): PickerFactory<T> {
  const factory = factoryOf<T>(policy, random);
  factory.make([], undefined);
  return factory;
}

const plain = { learnsFromCalls: false };
const learning = { learnsFromCalls: true };

function factoryOf<T>(policy: BalancingPolicy, random: Random): PickerFactory<T> {
  switch (policy.name) {
    case 'round-robin':
      // Plain round robin knows no weights, so slow start needs the weighted one, with equal weights.
      return {
        ...plain,
        make: (hosts, factor) =>
          factor ? new WeightedRoundRobin(hosts, random, factor) : new RoundRobin(hosts, random),
      };
    case 'weighted-round-robin':
      return {
        ...plain,
        make: (hosts, factor) =>
          // Where all weigh the same, without the heap.
          factor === undefined && hosts.every(({ weight }) => weight === hosts[0]!.weight)
            ? new RoundRobin(hosts, random)
            : new WeightedRoundRobin(hosts, random, weighBy(factor)),
      };
    case 'least-request':
      return {
        ...learning,
        make: (hosts, factor) => new LeastRequest(hosts, random, policy, weighBy(factor)),
      };
    case 'peak-ewma': {
      const latency = new LatencyModel(policy);
      return {
        ...learning,
        latency,
        make: (hosts, factor) => new PeakEwma(hosts, random, latency, policy, weighBy(factor)),
      };
    }
    case 'ring-hash':
      // Not slowed: a weight that grows would move keys again and again.
      return { ...plain, make: (hosts) => new RingHash(hosts, random, policy) };
    default:
      throw new BalancingError('BAD_OPTION', `policy ${(policy as BalancingPolicy).name} is not known`);
  }
}

function weighBy<T>(factor: Weigh<T> | undefined): Weigh<T> {
  return factor ? (host) => host.weight * factor(host) : (host) => host.weight;
}
