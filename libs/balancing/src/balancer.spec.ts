import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBalancer, type BalancerOptions } from './balancer.ts';
import type { HostSpec } from './host.ts';
import { policyTraits, type BalancingPolicy } from './policy.ts';
import { keys, ones, specs, tally } from './testing/hosts.ts';
import { pickerCompliance } from './testing/picker-compliance.ts';
import { seededRandom } from './testing/random.ts';
import { simulate } from './testing/simulation.ts';

const policies = Object.keys(policyTraits).map((name) => ({ name }) as BalancingPolicy);

function balancer(options: Partial<BalancerOptions> = {}) {
  return createBalancer({ policy: { name: 'round-robin' }, random: seededRandom(1), ...options });
}

for (const policy of policies) {
  const make: Parameters<typeof pickerCompliance>[1] = (hosts, random) => {
    const all = createBalancer({ policy, random });
    all.update(hosts, 0);
    // The suite compares with its own hosts: these have the same keys.
    const byKey = new Map(hosts.map((host) => [host.key, host]));
    return { pick: (nowMs, hash) => byKey.get(all.pick(nowMs, hash)?.key ?? '') };
  };
  pickerCompliance(`Balancer with ${policy.name}`, make, { weighted: true });
}

describe('Balancer', () => {
  it('always has a host under any failures, with the default limits', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...policies),
        fc.integer({ min: 1, max: 12 }),
        fc.integer(),
        (policy, n, seed) => {
          const random = seededRandom(seed);
          const all = createBalancer({ policy, random, outlier: {}, slowStart: { windowMs: 5_000 } });
          all.update(specs(ones(n)), 0);
          const { calls } = simulate(all, {
            callsPerSecond: 50,
            durationMs: 20_000,
            random,
            serve: () => ({ latencyMs: 1 + 20 * random(), outcome: random() < 0.6 ? 'failure' : 'success' }),
          });
          expect(calls).toBeGreaterThan(0);
          expect(all.hosts.every(({ stats }) => stats.active === 0)).toBe(true);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('keeps statistics over updates, and takes reports on hosts that are gone', () => {
    const all = balancer({ policy: { name: 'least-request' } });
    all.update(specs(ones(3)), 0);
    const host = all.pick(0)!;
    all.callStarted(host);
    all.update(specs(ones(4)), 1);
    expect(all.hosts.find(({ key }) => key === host.key)!.stats.active).toBe(1);
    all.update([], 2);
    expect(all.pick(2)).toBeUndefined();
    all.callEnded(host, 3, 3, 'success');
    expect(() => all.callEnded(host, 3, 3, 'success')).toThrow(
      expect.objectContaining({ code: 'NOT_STARTED' }),
    );
  });

  it('ejects a failing host at once and readmits it by a tick', () => {
    const all = balancer({ outlier: { baseEjectionMs: 1_000 } });
    all.update(specs(ones(4)), 0);
    const bad = all.hosts[0]!;
    for (let i = 0; i < 5; i++) {
      all.callStarted(bad);
      all.callEnded(bad, 0, 1, 'failure');
    }
    expect(all.isEjected(bad)).toBe(true);
    expect([...tally(all, 300).values()]).toEqual([100, 100, 100]);
    all.tick(999);
    expect(tally(all, 300).size).toBe(3);
    all.tick(1_000);
    expect([...tally(all, 400).values()]).toEqual([100, 100, 100, 100]);
  });

  it('avoids unhealthy hosts until too many are', () => {
    const sick = (count: number) =>
      specs(ones(4)).map((spec, index) => ({ ...spec, healthy: index >= count }));
    const all = balancer();
    const used = [0, 1, 2, 3, 4].map((count) => {
      all.update(sick(count), 0);
      return tally(all, 400).size;
    });
    expect(used).toEqual([4, 3, 2, 4, 4]);
  });

  it('keeps the calls of a priority there while one of its hosts can serve (gRFC A56)', () => {
    const all = balancer();
    const level = (priority: number, healthy: number) =>
      specs(ones(10)).map((spec, i): HostSpec => ({
        key: `${priority}-${spec.key}`,
        priority,
        healthy: i < healthy,
      }));
    const used = (...healthy: number[]) => {
      all.update(
        healthy.flatMap((count, priority) => level(priority, count)),
        0,
      );
      const counts = tally(all, 100);
      return [counts.size, [...counts.keys()][0]!.slice(0, 1)];
    };
    expect(used(5, 10)).toEqual([5, '0']);
    expect(used(1, 10)).toEqual([1, '0']);
    expect(used(0, 10)).toEqual([10, '1']);
  });

  it.each(policies.filter(({ name }) => name !== 'ring-hash'))(
    'starts a new host slowly with $name',
    (policy) => {
      const all = balancer({ policy, slowStart: { windowMs: 10_000 } });
      all.update(specs(ones(4)), 0);
      all.update(specs(ones(5)), 60_000);
      const newcomer = keys(5)[4]!;
      const shares = [60_000, 62_500, 65_000, 70_000].map((nowMs) => {
        all.tick(nowMs);
        return (tally(all, 20_000, nowMs).get(newcomer) ?? 0) / 20_000;
      });
      const expected = [0.1, 0.25, 0.5, 1].map((factor) => factor / (4 + factor));
      // Two choices deviate from the weights a little; a tenth of the calls is far more than that.
      if (policy.name.endsWith('round-robin'))
        shares.forEach((share, i) => expect(share).toBeCloseTo(expected[i]!, 2));
      expect(shares).toEqual([...shares].sort((a, b) => a - b));
    },
  );

  it('stays as it was after a bad update', () => {
    const all = balancer();
    all.update(specs(ones(2)), 0);
    expect(() => all.update(specs([0, 0]), 1)).toThrow(expect.objectContaining({ code: 'ZERO_WEIGHTS' }));
    expect(tally(all, 10).size).toBe(2);
  });

  it.each([
    { policy: { name: 'fastest' } as unknown as BalancingPolicy },
    { policy: { name: 'least-request', choices: 1 } },
    { policy: { name: 'peak-ewma', decayMs: 0 } },
    { policy: { name: 'ring-hash', maxRingSize: 1 } },
    { panicThreshold: 1.1 },
    { outlier: { intervalMs: 0 } },
    { slowStart: { windowMs: 0 } },
  ] satisfies Partial<BalancerOptions>[])('refuses %o before there are hosts', (options) => {
    expect(() => balancer(options)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
  });
});
