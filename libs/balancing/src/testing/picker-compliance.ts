import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Host } from '../host.ts';
import type { Picker, Random } from '../picker.ts';
import { hosts, ones } from './hosts.ts';
import { seededRandom } from './random.ts';

/** What every picker must do, whatever its policy. */
export function pickerCompliance(
  name: string,
  make: (hosts: readonly Host[], random: Random) => Picker,
  { weighted }: { weighted: boolean },
): void {
  describe(`${name}, as every picker`, () => {
    it('has nobody for no hosts, and the only one for one', () => {
      expect(make([], Math.random).pick(0)).toBeUndefined();
      const [only] = hosts([1]);
      const picker = make([only!], Math.random);
      for (let i = 0; i < 5; i++) expect(picker.pick(i, i)).toBe(only);
    });

    it('returns one of its hosts, for any load, clock, hash and extreme of randomness', () => {
      const random = fc.oneof(
        fc.constant(() => 0),
        fc.constant(() => 1 - 2 ** -53),
        fc.integer().map(seededRandom),
      );
      const weights = fc.array(fc.integer({ min: 1, max: 65_535 }), { minLength: 1, maxLength: 40 });
      const picks = fc.array(fc.tuple(fc.nat(), fc.option(fc.maxSafeNat(), { nil: undefined })));
      fc.assert(
        fc.property(weights, random, picks, (weights, random, picks) => {
          const all = hosts(weights);
          const picker = make(all, random);
          for (const [nowMs, hash] of picks) {
            const host = picker.pick(nowMs, hash);
            expect(all).toContain(host);
            host!.stats.active++;
          }
        }),
      );
    });

    it('reaches every host', () => {
      const all = hosts(ones(10));
      const picker = make(all, seededRandom(1));
      const seen = new Set<Host | undefined>();
      for (let i = 0; i < 1000; i++) seen.add(picker.pick(i));
      expect(seen.size).toBe(10);
    });

    it.runIf(weighted)('gives nothing to hosts that weigh 0', () => {
      const picker = make(hosts([0, 1, 0, 2]), seededRandom(1));
      for (let i = 0; i < 200; i++) expect(picker.pick(i)!.weight).toBeGreaterThan(0);
    });

    it('gives the same picks for the same randomness', () => {
      fc.assert(
        fc.property(fc.integer(), (seed) => {
          const [a, b] = [0, 1].map(() => make(hosts([1, 2, 3]), seededRandom(seed)));
          for (let i = 0; i < 50; i++) expect(a!.pick(i)!.key).toBe(b!.pick(i)!.key);
        }),
      );
    });
  });
}
