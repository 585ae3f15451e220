import { describe, expect, it } from 'vitest';
import { hashText } from './hash.ts';
import { LatencyModel } from './latency.ts';
import { LeastRequest } from './least-request.ts';
import { PeakEwma } from './peak-ewma.ts';
import { pickExcept } from './picker.ts';
import { RandomChoice } from './random-choice.ts';
import { RingHash } from './ring-hash.ts';
import { RoundRobin } from './round-robin.ts';
import { hosts, keys, ones, tally } from './testing/hosts.ts';
import { pickerCompliance } from './testing/picker-compliance.ts';
import { seededRandom } from './testing/random.ts';
import { WeightedRoundRobin } from './weighted-round-robin.ts';

pickerCompliance('RoundRobin', (hosts, random) => new RoundRobin(hosts, random), { weighted: false });
pickerCompliance('WeightedRoundRobin', (hosts, random) => new WeightedRoundRobin(hosts, random), {
  weighted: true,
});
pickerCompliance('LeastRequest', (hosts, random) => new LeastRequest(hosts, random), { weighted: true });
pickerCompliance('PeakEwma', (hosts, random) => new PeakEwma(hosts, random, new LatencyModel()), {
  weighted: true,
});
pickerCompliance('RandomChoice', (hosts, random) => new RandomChoice(hosts, random), { weighted: true });
pickerCompliance('RingHash', (hosts, random) => new RingHash(hosts, random, { pointsPerWeight: 16 }), {
  weighted: true,
});

describe('RandomChoice', () => {
  it('shares by weight, and one pick says nothing of the next', () => {
    // 6 sigma of a binomial: by chance once in 10^9 seeds; this one is always the same.
    const picks = 20_000;
    const counts = [...tally(new RandomChoice(hosts([1, 3, 6]), seededRandom(7)), picks)];
    const shares = new Map(counts.map(([key, count]) => [key, count / picks]));
    for (const [index, share] of [0.1, 0.3, 0.6].entries()) {
      const sigma = Math.sqrt((share * (1 - share)) / picks);
      expect(Math.abs(shares.get(keys(3)[index]!)! - share)).toBeLessThan(6 * sigma);
    }
    const pair = new RandomChoice(hosts(ones(2)), seededRandom(7));
    const inRow = Array.from({ length: 100 }, () => pair.pick()!.key === pair.pick()!.key);
    expect(new Set(inRow)).toEqual(new Set([true, false]));
  });
});

describe('pickExcept', () => {
  it('finds a host that was not tried, and a tried one only if there is no other', () => {
    const all = hosts(ones(3));
    const picker = new RoundRobin(all, seededRandom(1));
    const tried = [all[0]!, all[1]!];
    for (let i = 0; i < 10; i++) expect(pickExcept(picker, tried, 0)).toBe(all[2]);
    expect(all).toContain(pickExcept(picker, all, 0));
    expect(pickExcept(new RoundRobin([], Math.random), all, 0)).toBeUndefined();
  });

  it('finds another host for the same hash, always the same one', () => {
    const picker = new RingHash(hosts(ones(5)), Math.random);
    const hash = hashText('user-7');
    const first = picker.pick(0, hash)!;
    const second = pickExcept(picker, [first], 0, hash, 20);
    expect(second).not.toBe(first);
    expect(pickExcept(picker, [first], 0, hash, 20)).toBe(second);
    expect(pickExcept(picker, [], 0, hash)).toBe(first);
  });
});
