import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coefficientOfVariation } from './fairness.ts';
import { evenSubset, randomSubset } from './subset.ts';
import { keys } from './testing/hosts.ts';

const kinds = [
  { name: 'evenSubset', of: evenSubset, mostChanges: 2 },
  {
    name: 'randomSubset',
    of: (keys: string[], size: number, client: number) => randomSubset(keys, size, `client-${client}`),
    mostChanges: 1,
  },
];
const input = [fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 90 }), fc.nat(2_000)] as const;

/** How many clients each backend has. */
function clientsOf(
  of: (keys: string[], size: number, client: number) => string[],
  n: number,
  size: number,
  clients: number,
) {
  const counts = new Map(keys(n).map((key) => [key, 0]));
  for (let client = 0; client < clients; client++) {
    for (const key of of(keys(n), size, client)) counts.set(key, counts.get(key)! + 1);
  }
  return [...counts.values()];
}

describe.each(kinds)('$name', ({ of, mostChanges }) => {
  it('has the size asked for, no backend twice, and does not mind the order of the keys', () => {
    fc.assert(
      fc.property(...input, (n, size, client) => {
        const subset = of(keys(n), size, client);
        expect(new Set(subset).size).toBe(Math.min(n, size));
        expect(keys(n)).toEqual(expect.arrayContaining(subset));
        expect(of(keys(n).reverse(), size, client)).toEqual(subset);
      }),
    );
  });

  it('changes little when a backend comes or goes', () => {
    fc.assert(
      fc.property(...input, fc.nat(), (n, size, client, pick) => {
        const all = keys(n + 1);
        const fewer = all.filter((_, index) => index !== pick % (n + 1));
        const before = new Set(of(all, size, client));
        const added = of(fewer, size, client).filter((key) => !before.has(key));
        expect(added.length).toBeLessThanOrEqual(mostChanges);
      }),
      { numRuns: 1_000 },
    );
  });

  it('has nobody to choose from no keys', () => {
    expect(of([], 3, 0)).toEqual([]);
  });
});

describe('evenSubset', () => {
  it.each([
    [100, 20, 100],
    [100, 20, 37],
    [300, 30, 300],
    [10, 3, 20],
    [1000, 20, 500],
  ])(
    'gives each of %d backends nearly the same number of clients (%d each, %d clients)',
    (n, size, clients) => {
      const counts = clientsOf(evenSubset, n, size, clients);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(4);
      const random = clientsOf(kinds[1]!.of, n, size, clients);
      expect(coefficientOfVariation(counts)).toBeLessThan(0.5 * coefficientOfVariation(random));
    },
  );

  it('shuffles anew for each lot of 256 clients, so that all backends get some in the end', () => {
    expect(evenSubset(keys(100), 5, 256)).not.toEqual(evenSubset(keys(100), 5, 0));
    // One lot of 256 clients reaches 256 of 1,000 backends; five lots reach 772 if each is shuffled by itself.
    const idle = clientsOf(evenSubset, 1_000, 1, 1_280).filter((count) => count === 0).length;
    expect(idle).toBeLessThan(300);
  });
});
