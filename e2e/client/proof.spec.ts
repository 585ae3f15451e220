import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oneBadPod, rollingRestart, scaling, type Row } from './scenarios.ts';
import { refreshMs, Scene, schemes, type SchemeName } from './scene.ts';

/** All schemes and scenarios takes five minutes; a part of it, some seconds, is among the tests of every change. */
const full = process.env['PROOF'] === 'full';
const measureMs = full ? 4000 : 1500;
const provenSchemes: readonly SchemeName[] = full ? schemes : ['k8s'];

const scene = new Scene();
const table: Record<string, Row> = {};
beforeAll(() => scene.start(3));
afterAll(async () => {
  await scene.stop();
  console.table(table);
});

/** What users of each scheme may expect. */
const expected: Record<SchemeName, { newPodMs: number; restartFailures: number; outageMs: number }> = {
  // Never learns of new pods while connections hold, and may not ask DNS again for 30 s.
  dns: { newPodMs: Infinity, restartFailures: Infinity, outageMs: 40_000 },
  'dns+a': { newPodMs: refreshMs + 1000, restartFailures: 0, outageMs: 1000 },
  'dns+srv': { newPodMs: refreshMs + 1000, restartFailures: 0, outageMs: 1000 },
  k8s: { newPodMs: 1000, restartFailures: 0, outageMs: 1000 },
  xds: { newPodMs: 1000, restartFailures: 0, outageMs: 1000 },
};

// What is promised is that a bound can be kept: on a machine that is busy with other things it may take another try.
describe.each(provenSchemes)('%s', { retry: 2 }, (scheme) => {
  const bounds = expected[scheme];

  it('3 → 5 → 2 pods', async () => {
    const row = await scaling(scene, scheme, measureMs);
    table[`${scheme}: scaling`] = row;
    expect(row['failed']).toBe(0);
    const firstCalls = `${row['new pods’ first call, ms']}`.split(', ').map(Number);
    if (scheme === 'dns') {
      expect(firstCalls).toEqual([Infinity, Infinity]);
      return;
    }
    for (const ms of firstCalls) expect(ms).toBeLessThanOrEqual(bounds.newPodMs);
    expect(row['pods with calls']).toBe(5);
    expect(row['max/min']).toBeLessThanOrEqual(1.1);
  });

  it('all pods replaced in a fast rolling restart', async () => {
    const row = await rollingRestart(scene, scheme, scheme === 'dns' ? 40_000 : 10_000);
    table[`${scheme}: rolling restart`] = row;
    expect(row['recovered']).not.toBe('no');
    if (scheme === 'dns') {
      // The known outage: no pod is left that the client knows, and DNS may not be asked for what is left of 30 s.
      expect(row['failed']).toBeGreaterThan(0);
      expect(row['longest time without an answer, ms']).toBeGreaterThan(3000);
      return;
    }
    expect(row['failed']).toBe(bounds.restartFailures);
    expect(row['longest time without an answer, ms']).toBeLessThan(bounds.outageMs);
  });

  it.runIf(full)('one pod that is slow, fails half its calls, hangs', async () => {
    const own = scheme !== 'dns' && scheme !== 'xds';
    const options = own ? { serviceConfig: policyOf('evenly_peak_ewma') } : {};
    const slow = await oneBadPod(scene, scheme, { delay: '200ms' }, { ...options, measureMs });
    const outliers = own ? { serviceConfig: outlierDetection } : {};
    const failing = await oneBadPod(scene, scheme, { failRatio: 0.5 }, { ...outliers, measureMs });
    const hanging = await oneBadPod(scene, scheme, { hang: true }, { ...options, measureMs });
    Object.assign(table, {
      [`${scheme}: slow`]: slow,
      [`${scheme}: failing`]: failing,
      [`${scheme}: hanging`]: hanging,
    });
    if (own) {
      expect(slow.share).toBeLessThan(0.05);
      expect(failing.failedShare).toBeLessThan(0.02);
      expect(hanging.failedShare).toBeLessThan(0.05);
    } else {
      // Round robin keeps calling what is slow, fails or hangs: a third of the calls.
      expect(slow.share).toBeGreaterThan(0.2);
      expect(failing.failedShare).toBeGreaterThan(0.08);
      expect(hanging.failedShare).toBeGreaterThan(0.2);
    }
  });
});

describe.runIf(full)('one slow pod of five (+200 ms)', { retry: 2 }, () => {
  it('stays out of p99 with peak EWMA', async () => {
    await scene.scale(5);
    for (const pod of scene.pods) await scene.behave(pod, { delay: '20ms' });
    const measured = { replicas: 5, measureMs: 10_000, settleMs: 3000, deadlineMs: 2000 };
    for (const policy of ['evenly_peak_ewma', 'evenly_least_request']) {
      const options = { ...measured, serviceConfig: policyOf(policy) };
      const without = await oneBadPod(scene, 'k8s', { delay: '20ms' }, options);
      for (const pod of scene.pods) await scene.behave(pod, { delay: '20ms' });
      const slow = await oneBadPod(scene, 'k8s', { delay: '220ms' }, options);
      for (const pod of scene.pods) await scene.behave(pod, { delay: '20ms' });
      Object.assign(table, { [`${policy}: five alike`]: without, [`${policy}: one slow of five`]: slow });
      // Least request cannot: among few calls at a time the slow pod is often as idle as the others.
      if (policy === 'evenly_peak_ewma') expect(slow.p99).toBeLessThanOrEqual(1.2 * without.p99);
    }
  });
});

const policyOf = (name: string) => ({ loadBalancingConfig: [{ [name]: {} }] });
const outlierDetection = {
  loadBalancingConfig: [
    {
      outlier_detection: {
        interval: { seconds: 0, nanos: 500_000_000 },
        base_ejection_time: { seconds: 60, nanos: 0 },
        max_ejection_percent: 50,
        failure_percentage_ejection: { threshold: 20, minimum_hosts: 3, request_volume: 10 },
        child_policy: [{ evenly_round_robin: {} }],
      },
    },
  ],
};
