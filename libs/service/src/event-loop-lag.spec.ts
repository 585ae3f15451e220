import { performance } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { expect, it, vi } from 'vitest';
import { neverMs, replaceEventLoopLag } from './event-loop-lag.ts';

it('tells the lag only of a program that is busy', async () => {
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics, eventLoopMonitoringPrecision: neverMs });
  replaceEventLoopLag(metrics);
  const utilization = vi.spyOn(performance, 'eventLoopUtilization');
  const busy = (share: number) =>
    utilization.mockReturnValue({ idle: 1000 - 1000 * share, active: 1000 * share, utilization: share });
  const maxLag = async () =>
    Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(await metrics.metrics())![1]);
  const block = async () => {
    for (const until = performance.now() + 500; performance.now() < until;);
    await turn();
    await turn();
  };
  busy(0);
  expect(await maxLag()).toBe(0);
  await block();
  expect(await maxLag()).toBe(0);
  busy(0.5);
  await maxLag();
  await block(); // from where the next one is counted
  await block();
  expect(await maxLag()).toBeGreaterThan(0.1);
  busy(0);
  await maxLag();
  await block();
  expect(await maxLag()).toBe(0);
});
