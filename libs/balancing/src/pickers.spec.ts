import { describe, expect, it } from 'vitest';
import { hashText } from './hash.ts';
import { LatencyModel } from './latency.ts';
import { LeastRequest } from './least-request.ts';
import { PeakEwma } from './peak-ewma.ts';
import { pickExcept } from './picker.ts';
import { RingHash } from './ring-hash.ts';
import { RoundRobin } from './round-robin.ts';
import { hosts, ones } from './testing/hosts.ts';
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
pickerCompliance('RingHash', (hosts, random) => new RingHash(hosts, random, { pointsPerWeight: 16 }), {
  weighted: true,
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
