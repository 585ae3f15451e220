import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RoundRobin } from './round-robin.ts';
import { hosts, ones, tally } from './testing/hosts.ts';
import { seededRandom } from './testing/random.ts';
import { WeightedRoundRobin } from './weighted-round-robin.ts';

const weightLists = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 12 });

describe('round robin', () => {
  it('differs by one call at most, over any window', () => {
    const both = fc.constantFrom(RoundRobin, WeightedRoundRobin);
    fc.assert(
      fc.property(
        both,
        fc.integer(),
        fc.integer({ min: 1, max: 30 }),
        fc.nat(99),
        fc.nat(999),
        (Kind, seed, n, skip, picks) => {
          const all = hosts(ones(n));
          const picker = new Kind(all, seededRandom(seed));
          tally(picker, skip);
          const counts = tally(picker, picks);
          const each = all.map(({ key }) => counts.get(key) ?? 0);
          expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  it('does not start at the same host in every client', () => {
    const firsts = new Set<string>();
    for (let seed = 0; seed < 50; seed++)
      firsts.add(new RoundRobin(hosts(ones(5)), seededRandom(seed)).pick()!.key);
    expect(firsts.size).toBe(5);
  });
});

describe('weighted round robin', () => {
  it('gives exactly its weight to each host in every window as long as the sum of the weights', () => {
    fc.assert(
      fc.property(weightLists, fc.integer(), fc.nat(500), (weights, seed, skip) => {
        const all = hosts(weights);
        const picker = new WeightedRoundRobin(all, seededRandom(seed));
        tally(picker, skip);
        const counts = tally(
          picker,
          weights.reduce((sum, weight) => sum + weight),
        );
        expect(all.map(({ key }) => counts.get(key))).toEqual(weights);
      }),
    );
  });

  it('interleaves: between two picks of one host each other has its share, within one call', () => {
    fc.assert(
      fc.property(weightLists, fc.integer(), (weights, seed) => {
        const all = hosts(weights);
        const picker = new WeightedRoundRobin(all, seededRandom(seed));
        const picks = Array.from({ length: 600 }, () => picker.pick()!);
        const first = picks.indexOf(all[0]!);
        const next = picks.indexOf(all[0]!, first + 1);
        if (next < 0) return;
        for (const host of all.slice(1)) {
          const between = picks.slice(first, next).filter((pick) => pick === host).length;
          expect(Math.abs(between - host.weight / all[0]!.weight)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('handles the whole range of weights', () => {
    const picker = new WeightedRoundRobin(hosts([1, 65_535]), seededRandom(3));
    expect([...tally(picker, 65_536).values()].sort((a, b) => a - b)).toEqual([1, 65_535]);
  });
});
