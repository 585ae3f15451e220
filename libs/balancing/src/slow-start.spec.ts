import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlowStart } from './slow-start.ts';

describe('SlowStart', () => {
  it('never falls, and ends at 1', () => {
    const options = fc.record({
      windowMs: fc.integer({ min: 1, max: 100_000 }),
      aggression: fc.double({ min: 0.1, max: 10, noNaN: true }),
      minFactor: fc.double({ min: 0.01, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(options, fc.array(fc.nat(200_000), { minLength: 2 }), (options, times) => {
        const slowStart = new SlowStart(options);
        const factors = times.sort((a, b) => a - b).map((nowMs) => slowStart.factor(0, nowMs));
        factors.forEach((factor, index) => {
          expect(factor).toBeGreaterThanOrEqual(factors[index - 1] ?? options.minFactor);
          expect(factor).toBeLessThanOrEqual(1);
        });
        expect(slowStart.factor(0, options.windowMs)).toBe(1);
      }),
    );
  });

  it('is a straight line by default, and higher at first with more aggression', () => {
    expect(new SlowStart({ windowMs: 100 }).factor(0, 50)).toBe(0.5);
    expect(new SlowStart({ windowMs: 100, aggression: 2 }).factor(0, 25)).toBe(0.5);
    expect(new SlowStart({ windowMs: 100 }).factor(1_000, 0)).toBe(0.1);
  });

  it.each([
    { windowMs: 0 },
    { windowMs: NaN },
    { windowMs: 1, aggression: 0 },
    { windowMs: 1, minFactor: 0 },
    { windowMs: 1, minFactor: 1.1 },
  ])('refuses %o', (options) => {
    expect(() => new SlowStart(options)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
  });
});
