import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HostTable, type Host, type HostSpec } from './host.ts';
import { isInPanic } from './panic.ts';
import { usableHosts } from './usable-hosts.ts';

const fleet = fc
  .array(
    fc.record({ weight: fc.integer({ min: 1, max: 100 }), priority: fc.nat(2), healthy: fc.boolean() }),
    { minLength: 1, maxLength: 30 },
  )
  .map((list) => list.map((spec, index): HostSpec => ({ key: `host-${index}`, ...spec })));

const isHealthy = (host: Host) => host.healthy;
const usable = (specs: HostSpec[], panicThreshold = 0.5) =>
  usableHosts(new HostTable().update(specs, 0), isHealthy, panicThreshold);

/** `healthy` of `total` hosts of a priority, the rest sick. */
function level(healthy: number, total: number, priority = 0): HostSpec[] {
  return Array.from({ length: total }, (_, index) => ({
    key: `${priority}-${index}`,
    priority,
    healthy: index < healthy,
  }));
}

/** `count of priority` of those that may get calls. */
const seen = (specs: HostSpec[], panicThreshold?: number) => {
  const hosts = usable(specs, panicThreshold);
  expect(new Set(hosts.map(({ priority }) => priority)).size).toBeLessThan(2);
  return hosts.length === 0 ? 'nobody' : `${hosts.length} of ${hosts[0]!.priority}`;
};

describe('usable hosts', () => {
  it('are unhealthy only in panic, and always somebody unless panic is off', () => {
    fc.assert(
      fc.property(fleet, (specs) => {
        expect(usable(specs, 0).every(isHealthy)).toBe(true);
        expect(usable(specs).length).toBeGreaterThan(0);
      }),
    );
    expect(usable(level(0, 3), 0)).toEqual([]);
    expect(usable([])).toEqual([]);
  });

  it('weigh more than 0', () => {
    expect(usable([{ key: 'x', weight: 0 }, { key: 'y' }]).map(({ key }) => key)).toEqual(['y']);
  });

  it('are of the first priority as long as it has a healthy one (gRFC A56)', () => {
    fc.assert(
      fc.property(fleet, (specs) => {
        const [first] = usable(specs);
        const better = specs.filter(({ priority, healthy }) => healthy && priority! < first!.priority);
        expect(better).toEqual([]);
      }),
    );
    expect(seen([...level(10, 10), ...level(10, 10, 1)])).toBe('10 of 0');
    expect(seen([...level(1, 10), ...level(10, 10, 1)])).toBe('1 of 0');
    expect(seen([...level(0, 10), ...level(10, 10, 1)])).toBe('10 of 1');
    expect(seen([...level(0, 10), ...level(0, 10, 1), ...level(7, 10, 5)])).toBe('7 of 5');
  });
});

describe('panic', () => {
  it('begins below the threshold, not at it', () => {
    expect([0.49, 0.5, 0.51].map((share) => isInPanic(share, 0.5))).toEqual([true, false, false]);
    expect([4, 5, 6].map((healthy) => seen(level(healthy, 10)))).toEqual(['10 of 0', '5 of 0', '6 of 0']);
  });

  it('is none while another priority can take over', () => {
    expect(seen([...level(3, 10), ...level(1, 10, 1)])).toBe('3 of 0');
    expect(seen([...level(3, 10), ...level(0, 10, 1)])).toBe('10 of 0');
    expect(seen([...level(0, 10), ...level(3, 10, 1)])).toBe('10 of 1');
  });

  it('where nobody is healthy is of the first priority', () => {
    expect(seen([...level(0, 4), ...level(0, 10, 1)])).toBe('4 of 0');
  });

  it('goes by weight', () => {
    const specs = [{ key: 'heavy', weight: 9, healthy: false }, { key: 'light' }];
    expect(usable(specs).map(({ key }) => key)).toEqual(['heavy', 'light']);
  });
});
