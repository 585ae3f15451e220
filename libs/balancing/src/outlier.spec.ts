import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutlierDetector, type OutlierOptions } from './outlier.ts';
import { hosts, ones } from './testing/hosts.ts';

function detector(count: number, options: OutlierOptions = {}, random = () => 0) {
  const all = hosts(ones(count));
  const outlier = new OutlierDetector(options, random);
  outlier.update(all, 0);
  outlier.tick(0);
  const report = (index: number, successes: number, failures: number) => {
    for (let i = 0; i < successes; i++) outlier.report(all[index]!, 'success', 1);
    for (let i = 0; i < failures; i++) outlier.report(all[index]!, 'failure', 1);
  };
  const out = () => all.flatMap((host, index) => (outlier.isEjected(host) ? [index] : []));
  return { all, outlier, report, out };
}

describe('consecutive failures', () => {
  it('eject at once, when they are in a row; a cancelled call says nothing', () => {
    const { all, outlier, report, out } = detector(3);
    report(0, 0, 4);
    report(0, 1, 4);
    outlier.report(all[0]!, 'cancelled', 1);
    expect(out()).toEqual([]);
    expect(outlier.report(all[0]!, 'failure', 1)).toBe(true);
    expect(out()).toEqual([0]);
    expect(outlier.report(all[0]!, 'failure', 1)).toBe(false);
  });

  it('can be switched off', () => {
    const { report, out } = detector(3, { consecutiveFailures: 0 });
    report(0, 0, 100);
    expect(out()).toEqual([]);
  });
});

describe('ticks', () => {
  it('are of use from the end of a call until nobody is out or was lately', () => {
    const { outlier, report } = detector(3, { intervalMs: 10, baseEjectionMs: 30, maxEjectionMs: 30 });
    const needed = (atMs: number) => {
      outlier.tick(atMs);
      return outlier.needsTicks;
    };
    expect(needed(10)).toBe(false);
    report(0, 1, 5);
    expect(outlier.needsTicks).toBe(true);
    expect([11, 21, 31, 41].map(needed)).toEqual([true, true, false, false]);
  });
});

describe('an ejection', () => {
  it('ends after the base time × the times ejected, capped, and quiet intervals are forgiven', () => {
    const options = {
      baseEjectionMs: 1_000,
      maxEjectionMs: 2_500,
      intervalMs: 100_000,
      successRate: false,
    } as const;
    const { all, outlier, out } = detector(3, options);
    const { stats } = all[0]!;
    const ejectedForMs = (nowMs: number) => {
      for (let i = 0; i < 5; i++) outlier.report(all[0]!, 'failure', nowMs);
      return stats.ejectedUntilMs - nowMs;
    };
    expect(ejectedForMs(0)).toBe(1_000);
    expect(outlier.tick(999)).toBe(false);
    expect(outlier.tick(1_000)).toBe(true);
    expect(out()).toEqual([]);
    expect(stats.readySinceMs).toBe(1_000);
    expect(ejectedForMs(2_000)).toBe(2_000);
    outlier.tick(4_000);
    expect(ejectedForMs(5_000)).toBe(2_500);
    for (const nowMs of [100_000, 200_000, 300_000]) outlier.tick(nowMs);
    expect(ejectedForMs(300_001)).toBe(1_000);
  });
});

describe('a sweep', () => {
  it('ejects by success rate who is far below the others, once an interval', () => {
    const { outlier, report, out } = detector(10, { consecutiveFailures: 0 });
    for (let index = 0; index < 9; index++) report(index, 100, index % 2);
    report(9, 50, 50);
    expect(outlier.tick(9_999)).toBe(false);
    expect(outlier.tick(10_000)).toBe(true);
    expect(out()).toEqual([9]);
  });

  it('leaves all alone who fail alike, or have too few calls, or are too few', () => {
    const alike = detector(10, { consecutiveFailures: 0 });
    for (let index = 0; index < 10; index++) alike.report(index, 50, 50);
    const quiet = detector(10, { consecutiveFailures: 0 });
    for (let index = 0; index < 10; index++) quiet.report(index, index === 0 ? 0 : 99, index === 0 ? 99 : 0);
    const few = detector(4, { consecutiveFailures: 0 });
    for (let index = 0; index < 4; index++) few.report(index, index === 0 ? 0 : 100, index === 0 ? 100 : 0);
    for (const { outlier, out } of [alike, quiet, few]) {
      expect(outlier.tick(10_000)).toBe(false);
      expect(out()).toEqual([]);
    }
  });

  it('counts each interval by itself', () => {
    const { outlier, report, out } = detector(10, { consecutiveFailures: 0 });
    for (const nowMs of [10_000, 20_000]) {
      for (let index = 0; index < 10; index++) report(index, index === 0 ? 0 : 60, index === 0 ? 60 : 0);
      outlier.tick(nowMs);
    }
    expect(out()).toEqual([]);
  });

  it('ejects by failure percentage whatever the others do, worst first', () => {
    const { outlier, report, out } = detector(6, {
      consecutiveFailures: 0,
      successRate: false,
      failurePercentage: { threshold: 40 },
      maxEjectionPercent: 34,
    });
    [50, 60, 0, 90, 70, 40].forEach((failures, index) => report(index, 100 - failures, failures));
    outlier.tick(10_000);
    expect(out()).toEqual([3, 4]);
  });
});

it.each([
  { percent: 0, draw: 0, ejected: [] },
  { percent: 30, draw: 0.29, ejected: [0] },
  { percent: 30, draw: 0.3, ejected: [] },
  { percent: 100, draw: 0.999, ejected: [0] },
])('of those found, $percent % are ejected: a draw of $draw', ({ percent, draw, ejected }) => {
  const enforcementPercent = percent;
  for (const options of [
    { successRate: { enforcementPercent } },
    { successRate: false, failurePercentage: { enforcementPercent } },
  ] as const) {
    const { outlier, report, out } = detector(10, { consecutiveFailures: 0, ...options }, () => draw);
    report(0, 0, 100);
    for (let index = 1; index < 10; index++) report(index, 100, 0);
    outlier.tick(10_000);
    expect(out()).toEqual(ejected);
  }
});

describe('the cap', () => {
  const failing = fc.array(fc.tuple(fc.nat(29), fc.integer({ min: 1, max: 300 }), fc.boolean()), {
    maxLength: 60,
  });

  it('holds whatever fails, and when hosts leave', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 30 }),
        fc.integer({ min: 0, max: 100 }),
        failing,
        fc.nat(30),
        (count, percent, events, left) => {
          const { all, outlier, report } = detector(count, {
            maxEjectionPercent: percent,
            failurePercentage: { minHosts: 1 },
          });
          let nowMs = 0;
          for (const [index, calls, fails] of events) {
            if (count > 0) report(index % count, fails ? 0 : calls, fails ? calls : 0);
            outlier.tick((nowMs += 4_000));
            expect(outlier.ejectedCount).toBeLessThanOrEqual((count * percent) / 100);
          }
          const rest = all.slice(0, left);
          outlier.update(rest, nowMs);
          expect(outlier.ejectedCount).toBeLessThanOrEqual((rest.length * percent) / 100);
        },
      ),
    );
  });

  it.each([
    { count: 2, maxEjectionPercent: 10, out: [0] },
    { count: 1, maxEjectionPercent: 10, out: [] },
    { count: 2, maxEjectionPercent: 0, out: [] },
  ])(
    'may be less than one and still allow one: $maxEjectionPercent % of $count',
    ({ count, out, ...cap }) => {
      const { report, out: ejected } = detector(count, { ...cap, alwaysEjectOne: true });
      for (let index = 0; index < count; index++) report(index, 0, 5);
      expect(ejected()).toEqual(out);
    },
  );

  it('never ejects the only host by default', () => {
    const { report, out } = detector(1);
    report(0, 0, 1_000);
    expect(out()).toEqual([]);
  });

  it('readmits first who would be back first', () => {
    const { all, outlier, out } = detector(4);
    all[0]!.stats.ejectedUntilMs = 50_000;
    all[1]!.stats.ejectedUntilMs = 30_000;
    outlier.update(all.slice(0, 3), 0);
    expect(out()).toEqual([0]);
  });
});

it.each([
  { intervalMs: 0 },
  { baseEjectionMs: -1 },
  { baseEjectionMs: 1_000, maxEjectionMs: 999 },
  { maxEjectionPercent: 101 },
  { consecutiveFailures: 1.5 },
  { successRate: { stdevFactor: -1 } },
  { successRate: { minHosts: 1 } },
  { failurePercentage: { threshold: 101 } },
  { failurePercentage: { minCalls: 0 } },
] satisfies OutlierOptions[])('OutlierDetector refuses %o', (options) => {
  expect(() => new OutlierDetector(options)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
});
