import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupHosts, type GroupOptions } from './groups.ts';
import { HostTable, type Host, type HostSpec } from './host.ts';
import { isInPanic } from './panic.ts';
import { areTooWeak, priorityShares } from './priorities.ts';
import { ownZoneShare } from './zones.ts';

const options: GroupOptions = { zone: { own: 'a' }, panicThreshold: 0.5, overprovisioning: 1.4 };
const capacity = fc
  .tuple(fc.nat(1000), fc.nat(1000))
  .map(([x, y]) => ({ total: Math.max(x, y), healthy: Math.min(x, y) }));
const fleet = fc
  .array(
    fc.record({
      weight: fc.integer({ min: 1, max: 100 }),
      zone: fc.constantFrom('a', 'b', 'c'),
      priority: fc.nat(2),
      healthy: fc.boolean(),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((list) => list.map((spec, index): HostSpec => ({ key: `host-${index}`, ...spec })));

function group(specs: HostSpec[], more: Partial<GroupOptions> = {}) {
  const hosts = new HostTable().update(specs, 0);
  return groupHosts(hosts, (host: Host) => host.healthy, { ...options, ...more });
}

/** `healthy` of `total` hosts of a zone, the rest sick. */
function zone(name: string, healthy: number, total: number, priority = 0): HostSpec[] {
  return Array.from({ length: total }, (_, index) => ({
    key: `${name}${priority}-${index}`,
    zone: name,
    priority,
    healthy: index < healthy,
  }));
}

describe('groups', () => {
  it('have shares that sum to 1, and hosts', () => {
    fc.assert(
      fc.property(fleet, (specs) => {
        const groups = group(specs);
        expect(groups.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
        for (const { share, hosts } of groups) {
          expect(share).toBeGreaterThan(0);
          expect(hosts.length).toBeGreaterThan(0);
        }
      }),
    );
  });

  it('hold an unhealthy host only in panic, and always hold somebody unless panic is off', () => {
    fc.assert(
      fc.property(fleet, (specs) => {
        for (const { hosts } of group(specs, { panicThreshold: 0 })) {
          expect(hosts.every(({ healthy }) => healthy)).toBe(true);
        }
        expect(group(specs).length).toBeGreaterThan(0);
      }),
    );
    expect(group(zone('a', 0, 3), { panicThreshold: 0 })).toEqual([]);
    expect(group([])).toEqual([]);
  });

  it('leave out hosts that weigh 0', () => {
    const [only] = group([
      { key: 'x', weight: 0, zone: 'a' },
      { key: 'y', zone: 'a' },
    ]);
    expect(only!.hosts.map(({ key }) => key)).toEqual(['y']);
  });
});

describe('zones', () => {
  it('keep all calls in the own zone while it is strong enough, and spill what it is too weak for', () => {
    const shares = (ownHealthy: number) =>
      group([...zone('a', ownHealthy, 10), ...zone('b', 10, 10)], { panicThreshold: 0 }).map(
        ({ share, hosts }) => [hosts[0]!.zone, Math.round(share * 100)],
      );
    expect(shares(10)).toEqual([['a', 100]]);
    expect(shares(8)).toEqual([['a', 100]]);
    expect(shares(5)).toEqual([
      ['a', 70],
      ['b', 30],
    ]);
    expect(shares(0)).toEqual([['b', 100]]);
  });

  it('spare a small zone when it is known how many callers it has', () => {
    const groups = group([...zone('a', 1, 1), ...zone('b', 9, 9)], { zone: { own: 'a', callersShare: 0.5 } });
    // Needed for half of all callers: 5 hosts. There is 1, worth 1.4.
    expect(groups.map(({ share }) => share)).toEqual([expect.closeTo(0.28), expect.closeTo(0.72)]);
  });

  it('have an own share from 0 to 1 that does not fall when a host of the own zone gets well', () => {
    fc.assert(
      fc.property(
        capacity,
        capacity,
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (own, others, callers) => {
          for (const share of [undefined, callers]) {
            const stay = ownZoneShare(own, others, 1.4, share);
            expect(stay >= 0 && stay <= 1).toBe(true);
            if (own.healthy === own.total) continue;
            const better = ownZoneShare({ ...own, healthy: own.healthy + 1 }, others, 1.4, share);
            expect(better).toBeGreaterThanOrEqual(stay);
          }
        },
      ),
    );
  });
});

describe('priorities', () => {
  it('share all calls, and prefer the first levels', () => {
    fc.assert(
      fc.property(fc.array(capacity, { minLength: 1, maxLength: 5 }), (levels) => {
        const shares = priorityShares(levels, 1.4);
        const some = levels.some(({ total }) => total > 0);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(some ? 1 : 0, 9);
        if (1.4 * levels[0]!.healthy >= levels[0]!.total && levels[0]!.total > 0) expect(shares[0]).toBe(1);
      }),
    );
  });

  it.each([
    // [healthy of 10 in each level] → percent, as in Envoy's documentation of priority levels
    [
      [10, 10],
      [100, 0],
    ],
    [
      [5, 10],
      [70, 30],
    ],
    [
      [0, 10],
      [0, 100],
    ],
    [
      [2, 2],
      [50, 50],
    ],
    [
      [0, 0],
      [50, 50],
    ],
  ])('%j healthy of ten each get %j percent', (healthy, percents) => {
    const levels = healthy.map((count) => ({ total: 10, healthy: count }));
    expect(priorityShares(levels, 1.4).map((share) => Math.round(100 * share))).toEqual(percents);
  });
});

describe('panic', () => {
  it('begins below the threshold, not at it', () => {
    expect([0.49, 0.5, 0.51].map((share) => isInPanic(share, 0.5))).toEqual([true, false, false]);
    const usable = (healthy: number) => group(zone('a', healthy, 10))[0]!.hosts.length;
    expect([4, 5, 6].map(usable)).toEqual([10, 5, 6]);
  });

  it('leaves a weak level alone while another can take its calls', () => {
    const groups = group([...zone('a', 3, 10), ...zone('a', 10, 10, 1)]);
    expect(groups.map(({ hosts }) => hosts.length)).toEqual([3, 10]);
    expect(
      areTooWeak(
        [
          { total: 10, healthy: 3 },
          { total: 10, healthy: 10 },
        ],
        1.4,
      ),
    ).toBe(false);
  });
});
