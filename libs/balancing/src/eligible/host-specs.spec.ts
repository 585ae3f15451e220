import { describe, expect, it } from 'vitest';
import { createBalancer } from '../balancer.ts';
import { tally } from '../testing/hosts.ts';
import { seededRandom } from '../testing/random.ts';
import { hostSpecs, type ReachedEndpoint } from './host-specs.ts';

const reached = (
  key: string,
  connection: ReachedEndpoint<string>['connection'],
  { weight = 1, priority = 0 } = {},
): ReachedEndpoint<string> => {
  const endpoint = { address: '10.0.0.1', port: 1, state: 'ready' } as const;
  return { key, connection, target: key, eligible: { endpoint, region: '', zone: '', priority, weight } };
};

/** Who gets how many of 100 calls. */
function calls(all: readonly ReachedEndpoint<string>[], panicThreshold = 0.5) {
  const random = seededRandom(1);
  const balancer = createBalancer({ policy: { name: 'weighted-round-robin' }, random, panicThreshold });
  const specs = hostSpecs(all);
  if (specs === undefined) return undefined;
  balancer.update(specs, 0);
  return Object.fromEntries([...tally(balancer, 100)].sort());
}

describe('hosts of eligible endpoints', () => {
  it('get no calls unless they are reached, in a panic neither', () => {
    const all = [reached('a', 'usable'), reached('b', 'connecting'), reached('c', 'failed')];
    expect(calls(all)).toEqual({ a: 100 });
    expect(calls(all.slice(1))).toBeUndefined();
    expect(calls([])).toBeUndefined();
  });

  it('of a later priority get calls when none before is reached', () => {
    const backup = reached('b', 'usable', { priority: 1 });
    expect(calls([reached('a', 'usable'), backup])).toEqual({ a: 100 });
    expect(calls([reached('a', 'failed'), backup])).toEqual({ b: 100 });
  });

  it('keep the relation of weights that are too large', () => {
    const all = [
      reached('a', 'usable', { weight: 75_000_000 }),
      reached('b', 'usable', { weight: 25_000_000 }),
    ];
    expect(calls(all)).toEqual({ a: 75, b: 25 });
  });

  it('that have failed start slowly when they are back, those that only connect anew do not', () => {
    const balancer = createBalancer<string>({
      policy: { name: 'round-robin' },
      random: seededRandom(1),
      slowStart: { windowMs: 1000 },
    });
    const share = (nowMs: number, connection: ReachedEndpoint<string>['connection']) => {
      balancer.update(hostSpecs([reached('a', 'usable'), reached('b', connection)])!, nowMs);
      return tally(balancer, 110, nowMs).get('b') ?? 0;
    };
    expect([share(0, 'usable'), share(5000, 'usable')]).toEqual([55, 55]);
    expect([share(6000, 'connecting'), share(6001, 'usable')]).toEqual([0, 55]);
    expect([share(7000, 'failed'), share(7001, 'usable'), share(9000, 'usable')]).toEqual([0, 10, 55]);
  });
});
