import { describe, expect, it } from 'vitest';
import { createBalancer } from './balancer.ts';
import { jainIndex, maxMinRatio } from './fairness.ts';
import type { BalancingPolicy } from './policy.ts';
import { keys, ones, specs } from './testing/hosts.ts';
import { seededRandom } from './testing/random.ts';
import { percentile, simulate, type Load } from './testing/simulation.ts';

const names = ['least-request', 'peak-ewma'] as const;
const slow = keys(1)[0]!;

/** A minute of calls that take 5 ms + 5 ms on average. */
function run(
  policy: BalancingPolicy,
  callsPerSecond: number,
  more: { weights?: number[]; serve?: Load['serve'] } = {},
) {
  const random = seededRandom(42);
  const balancer = createBalancer({ policy, random });
  balancer.update(specs(more.weights ?? ones(5)), 0);
  const normalMs = () => 5 - 5 * Math.log(1 - random());
  const serve: Load['serve'] = (host, nowMs) => {
    const special = more.serve?.(host, nowMs);
    return { latencyMs: normalMs() + (special?.latencyMs ?? 0), outcome: special?.outcome ?? 'success' };
  };
  const report = simulate(balancer, { callsPerSecond, durationMs: 60_000, random, serve });
  return { ...report, share: (key: string) => (report.counts.get(key) ?? 0) / report.calls };
}

const slowOne: Load['serve'] = ({ key }) => ({ latencyMs: key === slow ? 200 : 0, outcome: 'success' });

describe.each(names)('%s under load', (name) => {
  it('shares evenly among equal hosts, and no host gets far more calls at a time than another', () => {
    const { counts, peaks } = run({ name }, 1000);
    expect(jainIndex([...counts.values()])).toBeGreaterThan(0.99);
    expect(maxMinRatio([...peaks.values()])).toBeLessThanOrEqual(2);
  });

  it('holds the number of active calls on the fullest host far below that of a random choice', () => {
    const hosts = 50;
    const { peaks, calls } = run({ name }, 5000, { weights: ones(hosts) });
    // 5000 calls/s × 10 ms / 50 = 1 active call a host on average; random choice peaks at 8 or more in so many calls.
    expect(calls).toBeGreaterThan(250_000);
    expect(Math.max(...peaks.values())).toBeLessThanOrEqual(6);
  });

  it.each([500, 2000])('keeps away from one slow host of five (+200 ms) at %d calls a second', (rate) => {
    const round = run({ name: 'round-robin' }, rate, { serve: slowOne }).share(slow);
    const share = run({ name }, rate, { serve: slowOne }).share(slow);
    expect(round).toBeCloseTo(0.2, 2);
    expect(share).toBeLessThan(name === 'peak-ewma' ? 0.005 : 0.05);
  });

  it('does not fall for a host that never answers', () => {
    const hung = run({ name }, 500, {
      serve: ({ key }) => ({ latencyMs: key === slow ? 1e9 : 0, outcome: 'success' }),
    });
    expect(hung.counts.get(slow)).toBeLessThan(20);
  });

  it('follows weights, idle or busy', () => {
    for (const rate of [20, 200, 5000]) {
      const { share } = run({ name }, rate, { weights: [1, 1, 8] });
      expect(share(keys(3)[2]!)).toBeGreaterThan(0.6);
      expect(share(keys(3)[0]!)).toBeLessThan(0.2);
      expect(share(keys(3)[0]!)).toBeGreaterThan(0.02);
    }
  });
});

describe('peak EWMA', () => {
  it('keeps p99 within 1.2 of what it is without the slow host, at any rate', () => {
    for (const rate of [50, 500, 2000]) {
      const p99 = (serve?: Load['serve']) =>
        percentile(run({ name: 'peak-ewma' }, rate, serve && { serve }).latenciesMs, 0.99);
      expect(p99(slowOne)).toBeLessThanOrEqual(1.2 * p99());
    }
  });

  it('does not take a host that fails at once for a fast one', () => {
    const { share } = run({ name: 'peak-ewma' }, 500, {
      serve: ({ key }) => ({ latencyMs: 0, outcome: key === slow ? 'failure' : 'success' }),
    });
    expect(share(slow)).toBeLessThan(0.01);
  });

  it('comes back to a host that is well again', () => {
    let lateCalls = 0;
    run({ name: 'peak-ewma' }, 500, {
      serve: ({ key }, nowMs) => {
        if (key === slow && nowMs > 50_000) lateCalls++;
        return { latencyMs: key === slow && nowMs < 10_000 ? 200 : 0, outcome: 'success' };
      },
    });
    expect(lateCalls).toBeGreaterThan(500);
  });
});
