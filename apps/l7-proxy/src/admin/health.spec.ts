import { expect, it } from 'vitest';
import { oneService, startProxy } from '../testing/harness.ts';
import { scriptedBackend } from '../testing/scripted-backend.ts';
import { liveOf } from './page.ts';

it('an endpoint that fails its health check stays in the list; page, log and metric say so, once', async () => {
  // Two failures in turns: neither is said once more when it comes again.
  await using backend = await scriptedBackend({
    onEnd: (call, index) => call.trailersOnly(12 + (index % 2)),
  });
  const check = '    healthCheck: { interval: 20ms, timeout: 500ms }';
  await using proxy = await startProxy(oneService([backend.address], check));
  const live = () => liveOf(proxy.status(), '').text;
  await expect.poll(live).toContain('fails its health check');
  expect(live()).toMatch(/UNIMPLEMENTED|INTERNAL/); // the newest
  expect(live()).toContain('0 of 1 endpoint ready');
  expect(live()).not.toContain('None now.');
  expect(proxy.status().services[0]!.endpoints).toMatchObject([
    { address: backend.address, state: 'unhealthy', calls: 0 },
  ]);
  await expect.poll(() => backend.calls.length).toBeGreaterThan(20);
  const warnings = proxy.log.filter(({ level }) => level === 'warn');
  expect(warnings.map(({ message }) => message)).toEqual(['endpoints fail their health check']);
  expect(warnings[0]!.fields).toMatchObject({
    endpoints: [backend.address],
    reason: expect.stringContaining('UNIMPLEMENTED') as string,
  });
  expect(await proxy.metrics.metrics()).toContain('evenly_proxy_endpoints_unhealthy{service="echo"} 1');
});
