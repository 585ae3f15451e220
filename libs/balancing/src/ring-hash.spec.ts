import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashRange, hashText, mixHash } from './hash.ts';
import { HostTable } from './host.ts';
import { RingHash } from './ring-hash.ts';
import { hosts, ones, specs } from './testing/hosts.ts';

const callers = Array.from({ length: 4_000 }, (_, index) => hashText(`user-${index}`));

function places(ring: RingHash): string[] {
  return callers.map((hash) => ring.pick(0, hash)!.key);
}

describe('RingHash', () => {
  it('moves only the keys of the host that leaves, about 1/n of all, and brings them back with it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), (n, pick) => {
        const all = specs(ones(n));
        const gone = all[pick % n]!;
        const table = new HostTable();
        const before = places(new RingHash(table.update(all, 0), Math.random));
        const after = places(
          new RingHash(
            table.update(
              all.filter((spec) => spec !== gone),
              0,
            ),
            Math.random,
          ),
        );
        let moved = 0;
        before.forEach((key, index) => {
          if (key === gone.key) moved++;
          else expect(after[index]).toBe(key);
        });
        expect(moved / callers.length).toBeLessThan(1.6 / n);
        expect(moved / callers.length).toBeGreaterThan(0.5 / n);
        expect(places(new RingHash(table.update(all, 0), Math.random))).toEqual(before);
      }),
      { numRuns: 25 },
    );
  });

  it('does not depend on the order of the hosts', () => {
    const all = specs(ones(9));
    const table = new HostTable();
    const ring = places(new RingHash(table.update(all, 0), Math.random));
    expect(places(new RingHash(table.update([...all].reverse(), 0), Math.random))).toEqual(ring);
  });

  it('is closed: beyond the last point comes the first', () => {
    const ring = new RingHash(hosts([1, 1, 1]), Math.random, { pointsPerWeight: 1 });
    expect(ring.pick(0, hashRange - 1)).toBe(ring.pick(0, 0));
  });

  it('shares by weight', () => {
    const picked = places(new RingHash(hosts([1, 3]), Math.random));
    const light = picked.filter((key) => key === '10.0.0.0:80').length / picked.length;
    expect(light).toBeGreaterThan(0.2);
    expect(light).toBeLessThan(0.3);
  });

  it('never outgrows its limit, and leaves no host without a point', () => {
    const ring = new RingHash(hosts([...ones(999), 65_535]), Math.random, { maxRingSize: 4_096 });
    expect(ring.size).toBeLessThanOrEqual(4_096);
    expect(new RingHash(hosts(ones(3_000)), Math.random, { maxRingSize: 1_024 }).size).toBe(3_000);
  });

  it.each([
    { maxRingSize: 1_023 },
    { maxRingSize: 2 ** 20 + 1 },
    { pointsPerWeight: 0 },
    { pointsPerWeight: 1.5 },
  ])('refuses %o', (options) => {
    expect(() => new RingHash([], Math.random, options)).toThrow(
      expect.objectContaining({ code: 'BAD_OPTION' }),
    );
  });
});

describe('hashes', () => {
  it('spread similar texts evenly over 256 buckets (chi-squared)', () => {
    for (const hashOf of [
      (index: number) => hashText(`10.0.${index >> 8}.${index & 255}:80`),
      (index: number) => mixHash(hashText('10.0.0.1:80'), index),
      (index: number) => mixHash(index, 1),
    ]) {
      const buckets = new Array<number>(256).fill(0);
      const count = 65_536;
      for (let i = 0; i < count; i++) buckets[Math.floor((hashOf(i) / hashRange) * 256)]!++;
      const chiSquared = buckets.reduce((sum, seen) => sum + (seen - count / 256) ** 2 / (count / 256), 0);
      // 255 degrees of freedom: mean 255, standard deviation 22.6.
      expect(chiSquared).toBeLessThan(255 + 5 * 22.6);
    }
  });

  it('are whole numbers in their range', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), (text, salt) => {
        for (const hash of [hashText(text), mixHash(hashText(text), salt)]) {
          expect(Number.isInteger(hash) && hash >= 0 && hash < hashRange).toBe(true);
        }
      }),
    );
  });
});
