import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HostStats } from './host.ts';
import { LatencyModel } from './latency.ts';

const model = new LatencyModel({ decayMs: 1_000, initialMs: 3, pendingPenaltyMs: 500 });

describe('LatencyModel', () => {
  it('believes a slower call at once, and faster ones little by little', () => {
    const stats = new HostStats(0);
    model.observe(stats, 0, 10, 'success');
    model.observe(stats, 1, 100, 'success');
    expect(stats.ewmaMs).toBe(100);
    model.observe(stats, 101, 10, 'success');
    expect(stats.ewmaMs).toBeCloseTo(100 * Math.exp(-0.1) + 10 * (1 - Math.exp(-0.1)));
  });

  it('lets a new host have one call, and no second one before the first is answered', () => {
    const stats = new HostStats(0);
    expect(model.costMs(stats, 1, 0)).toBe(3);
    stats.active = 1;
    expect(model.costMs(stats, 1, 0)).toBe(1000);
  });

  it('fades while idle, but not while calls wait for an answer', () => {
    const stats = new HostStats(0);
    model.observe(stats, 0, 10, 'success');
    expect(model.costMs(stats, 1, 1_000)).toBeCloseTo(10 / Math.E);
    stats.active = 1;
    expect(model.costMs(stats, 1, 1_000)).toBe(20);
  });

  it('never lowers its estimate for a call that failed or was cancelled', () => {
    fc.assert(
      fc.property(fc.constantFrom('failure', 'cancelled'), fc.nat(5000), fc.nat(5000), (outcome, ms, at) => {
        const stats = new HostStats(0);
        model.observe(stats, 0, 100, 'success');
        model.observe(stats, at, ms, outcome);
        expect(stats.ewmaMs).toBe(Math.max(ms, 100));
      }),
    );
  });

  it('takes a failed first call for a slow one, and learns nothing from a cancelled one', () => {
    const failed = new HostStats(0);
    model.observe(failed, 1, 1, 'failure');
    expect(failed.ewmaMs).toBe(500);
    const cancelled = new HostStats(0);
    model.observe(cancelled, 1, 1, 'cancelled');
    expect(cancelled.samples).toBe(0);
  });

  it('survives a clock that goes back', () => {
    const stats = new HostStats(100);
    model.observe(stats, 100, 10, 'success');
    expect(model.costMs(stats, 1, 50)).toBe(10);
  });

  it.each([{ decayMs: 0 }, { initialMs: -1 }, { pendingPenaltyMs: NaN }])('refuses %o', (options) => {
    expect(() => new LatencyModel(options)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
  });
});
