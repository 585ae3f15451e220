import type { Endpoint } from '@evenly/endpoints';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eligibleEndpoints, type EligibilityPolicy } from './eligible-endpoints.ts';
import { anyViewer, type Viewer } from './viewer.ts';

const pod = (port: number, more: Partial<Endpoint> = {}): Endpoint => ({
  address: '10.0.0.1',
  port,
  state: 'ready',
  ...more,
});
const home = { region: 'r', zone: 'a' };

/** For each endpoint: `port priority×weight`. */
function seen(
  endpoints: Endpoint[],
  policy: Partial<EligibilityPolicy> = {},
  viewer: Partial<Viewer> = {},
): string[] {
  const all = { zonePreference: 'none' as const, ...policy };
  return eligibleEndpoints(endpoints, all, { ...anyViewer, ...viewer }, home).map(
    ({ endpoint, priority, weight }) => `${endpoint.port} ${priority}×${weight}`,
  );
}

describe('who may get calls', () => {
  const ending = pod(2, { state: 'serving-terminating' });
  const gone = pod(3, { state: 'not-ready' });

  it('the ready ones; those that serve while they end only where nobody is ready; never the others', () => {
    expect(seen([pod(1), ending, gone])).toEqual(['1 0×1']);
    expect(seen([ending, gone])).toEqual(['2 0×1']);
    expect(seen([gone])).toEqual([]);
    expect(seen([])).toEqual([]);
  });

  it('nobody is ready in any priority: all that end count, each in its own', () => {
    expect(seen([gone, pod(4, { state: 'serving-terminating', priority: 1 }), ending])).toEqual([
      '2 0×1',
      '4 1×1',
    ]);
  });
});

describe('weights and priorities', () => {
  it("are the source's, without gaps", () => {
    expect(seen([pod(1, { priority: 1, weight: 3 }), pod(2), pod(3, { priority: 7 })])).toEqual([
      '2 0×1',
      '1 1×3',
      '3 2×1',
    ]);
  });

  it('0 is no calls, unless all of a priority weigh 0 (RFC 2782)', () => {
    expect(seen([pod(1, { weight: 0 }), pod(2, { weight: 5 })])).toEqual(['2 0×5']);
    expect(seen([pod(1, { weight: 0 }), pod(2, { weight: 5, priority: 1 })])).toEqual(['1 0×1', '2 1×5']);
  });

  it('there are at most 128 priorities', () => {
    const many = Array.from({ length: 130 }, (_, index) => pod(index + 1, { priority: index }));
    expect(seen(many).at(-1)).toBe('130 127×1');
  });
});

describe('zones', () => {
  const near = pod(1, { region: 'r', zone: 'a' });
  const sameRegion = pod(2, { region: 'r', zone: 'b' });
  const far = pod(3, { region: 's', zone: 'a' });
  const all = [near, sameRegion, far];
  const viewer = { region: 'r', zone: 'a' };

  it('failover: the own zone, then the own region, then the rest', () => {
    expect(seen(all, { zonePreference: 'failover' }, viewer)).toEqual(['1 0×1', '2 1×1', '3 2×1']);
    expect(seen([sameRegion, far], { zonePreference: 'failover' }, viewer)).toEqual(['2 0×1', '3 1×1']);
  });

  it('failover: within the priorities of the source, which come first', () => {
    const backup = pod(4, { priority: 1 });
    expect(seen([backup, far, near], { zonePreference: 'failover' }, viewer)).toEqual([
      '1 0×1',
      '3 1×1',
      '4 2×1',
    ]);
  });

  it('failover: a viewer that knows its region alone stays in that', () => {
    expect(seen(all, { zonePreference: 'failover' }, { region: 'r' })).toEqual(['1 0×1', '2 0×1', '3 1×1']);
  });

  it('weighted: the own zone counts 1000 times; a zone of that name in another region does not', () => {
    expect(seen(all, { zonePreference: 'weighted' }, viewer)).toEqual(['1 0×1000', '2 0×1', '3 0×1']);
  });

  it('a side that does not know its region goes by the zone', () => {
    expect(seen(all, { zonePreference: 'weighted' }, { zone: 'a' })).toEqual([
      '1 0×1000',
      '2 0×1',
      '3 0×1000',
    ]);
  });

  it.each(['none', 'weighted', 'failover'] as const)(
    '%s: who does not know where it is sees no zones',
    (zonePreference) => {
      expect(seen(all, { zonePreference })).toEqual(['1 0×1', '2 0×1', '3 0×1']);
    },
  );

  it('hints: those that are for the zone, wherever they are; all where one has none, or none is for it', () => {
    const a = pod(1, { zone: 'a', forZones: ['a'] });
    const b = pod(2, { zone: 'a', forZones: ['b', 'c'] });
    const none = pod(3, { zone: 'b' });
    const policy = { zonePreference: 'hints' as const };
    expect(seen([a, b], policy, { zone: 'c' })).toEqual(['2 0×1']);
    expect(seen([a, b], policy, { zone: 'd' })).toEqual(['1 0×1', '2 0×1']);
    expect(seen([a, b], policy, { zone: '' })).toEqual(['1 0×1', '2 0×1']);
    expect(seen([a, b, none], policy, { zone: 'a' })).toEqual(['1 0×1', '2 0×1', '3 0×1']);
    expect(seen([a, b, pod(4, { state: 'not-ready' })], policy, { zone: 'a' })).toEqual(['1 0×1']);
    expect(seen([a, b], { zonePreference: 'none' }, { zone: 'a' })).toEqual(['1 0×1', '2 0×1']);
  });

  it('hints for nodes go before those for zones; where they do not count, these may', () => {
    const a = pod(1, { forNodes: ['n1'], forZones: ['a'] });
    const b = pod(2, { forNodes: ['n2'], forZones: ['b'] });
    const policy = { zonePreference: 'hints' as const };
    expect(seen([a, b], policy, { node: 'n1', zone: 'b' })).toEqual(['1 0×1']);
    expect(seen([a, b], policy, { node: 'n2', zone: '' })).toEqual(['2 0×1']);
    expect(seen([a, b], policy, { node: 'n3', zone: 'b' })).toEqual(['2 0×1']);
    expect(seen([a, b], policy, { node: '', zone: '' })).toEqual(['1 0×1', '2 0×1']);
    const without = pod(3, { forZones: ['a', 'b'] });
    expect(seen([a, b, without], policy, { node: 'n1', zone: 'b' })).toEqual(['2 0×1', '3 0×1']);
    const ending = pod(3, { state: 'serving-terminating' });
    expect(seen([a, b, ending], policy, { node: 'n1' })).toEqual(['1 0×1']);
    expect(seen([a, b], { zonePreference: 'none' }, { node: 'n1' })).toEqual(['1 0×1', '2 0×1']);
  });

  it('own region first: the others come behind, and zones are as the preference has them', () => {
    const first = { ownRegionFirst: true };
    expect(seen(all, first, viewer)).toEqual(['1 0×1', '2 0×1', '3 1×1']);
    expect(seen([far, near], first, { region: 's' })).toEqual(['3 0×1', '1 1×1']);
    expect(seen(all, { ...first, zonePreference: 'weighted' }, viewer)).toEqual([
      '1 0×1000',
      '2 0×1',
      '3 1×1',
    ]);
    expect(seen(all, { ...first, zonePreference: 'failover' }, viewer)).toEqual(['1 0×1', '2 1×1', '3 2×1']);
    expect(seen(all, first)).toEqual(['1 0×1', '2 0×1', '3 0×1']);
    expect(seen([pod(1), far], first, viewer)).toEqual(['1 0×1', '3 1×1']);
    expect(seen([{ ...near, state: 'not-ready' }, far], first, viewer)).toEqual(['3 0×1']);
  });

  it('own region first: hints are for those of the own region', () => {
    const hinted = { ...near, forZones: ['a'] };
    const forOthers = { ...sameRegion, forZones: ['b'] };
    const policy = { zonePreference: 'hints' as const, ownRegionFirst: true };
    expect(seen([hinted, forOthers, far], policy, viewer)).toEqual(['1 0×1', '3 1×1']);
    expect(
      seen([hinted, forOthers, { ...far, forZones: ['a'] }], policy, { region: 's', zone: 'b' }),
    ).toEqual(['3 0×1', '1 1×1', '2 1×1']);
  });

  it('endpoints that do not say it are at home', () => {
    expect(seen([pod(1), far], { zonePreference: 'failover' }, viewer)).toEqual(['1 0×1', '3 1×1']);
  });
});

describe('subsets', () => {
  const zones = ['a', 'b'];
  const endpoints = (count: number) =>
    Array.from({ length: count }, (_, index) => pod(index + 1, { zone: zones[index % 2]! }));
  const subset = (
    all: Endpoint[],
    size: number,
    id: number | string,
    policy: Partial<EligibilityPolicy> = {},
  ) =>
    eligibleEndpoints(
      all,
      { zonePreference: 'none', subsetting: { size }, ...policy },
      { ...home, node: '', id },
      home,
    ).map(({ endpoint }) => endpoint);

  it('have so many, the preferred zone first, whatever the order of the endpoints', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom('weighted', 'failover'),
        fc.oneof(fc.string(), fc.nat(1000)),
        (count, size, zonePreference, id) => {
          const all = endpoints(count);
          const chosen = subset(all, size, id, { zonePreference });
          expect(chosen).toHaveLength(Math.min(count, size));
          const own = all.filter(({ zone }) => zone === 'a').length;
          expect(chosen.filter(({ zone }) => zone === 'a')).toHaveLength(
            Math.min(own, Math.max(size, own - count + size)),
          );
          expect(new Set(subset([...all].reverse(), size, id, { zonePreference }))).toEqual(new Set(chosen));
        },
      ),
    );
  });

  it('without a preference have zones as chance has it', () => {
    const all = endpoints(20);
    const own = (id: string) => subset(all, 10, id).filter(({ zone }) => zone === 'a').length;
    const counts = Array.from({ length: 200 }, (_, id) => own(`client-${id}`));
    expect(Math.min(...counts)).toBeLessThan(10);
  });

  it('have the first priorities first', () => {
    const all = [pod(1, { priority: 1 }), pod(2, { priority: 1 }), pod(3), pod(4)];
    expect(
      subset(all, 3, 'me')
        .slice(0, 2)
        .map(({ port }) => port)
        .sort(),
    ).toEqual([3, 4]);
  });

  it('when an endpoint goes, change only for the clients that had it, and only by that one', () => {
    const all = endpoints(40);
    const gone = all[7]!;
    const rest = all.filter((endpoint) => endpoint !== gone);
    for (let id = 0; id < 200; id++) {
      const before = new Set(subset(all, 5, `client-${id}`));
      const kept = subset(rest, 5, `client-${id}`).filter((endpoint) => before.has(endpoint));
      expect(kept).toHaveLength(before.has(gone) ? 4 : 5);
    }
  });

  it('take more than a balancer carries', () => {
    const all = Array.from({ length: 10_002 }, (_, index) => pod(index + 1, { priority: index < 3 ? 1 : 0 }));
    expect(subset(all, 3, 'me').map(({ priority = 0 }) => priority)).toEqual([0, 0, 0]);
  });
});
