import { expect, it } from 'vitest';
import { eventually } from '../shared/wait.ts';
import { callsDuringRestart, clientReachesAll } from './client-calls.ts';
import { describeScenario, type Scenario } from './scenario.ts';

describeScenario('proxy', (scenario) => {
  it('start: all three pods, call by call', async () => {
    await clientReachesAll(scenario(), 'be1-srv');
  });

  it('3 to 5, then a rolling restart: new servers are used, and no call fails', async () => {
    const calls = await scenario().client.during(async () => {
      await scenario().scale('be1-srv', 5);
      await clientReachesAll(scenario(), 'be1-srv');
      await callsDuringRestart(scenario(), 'be1-srv');
      await clientReachesAll(scenario(), 'be1-srv');
    });
    expect(calls.failed).toBe(0);
  });

  it('new proxies idle until the client asks DNS again, as it does when old ones go; no call fails', async () => {
    // Those that were in DNS when the client asked: one that was ready a moment later idles, too.
    const known = [...(await callsOfProxies(scenario()))]
      .filter(([, count]) => count > 0)
      .map(([pod]) => pod);
    expect(known).not.toEqual([]);
    await scenario().scale('l7-proxy', 4);
    await scenario().client.next(200);
    const counts = await callsOfProxies(scenario());
    expect(counts.size).toBe(4);
    for (const [pod, count] of counts)
      expect(count > 0, `calls of ${pod}: ${count}`).toBe(known.includes(pod));

    const calls = await scenario().client.during(async () => {
      await scenario().restart('l7-proxy');
      await eventually(async () => {
        const proxies = await callsOfProxies(scenario());
        expect(proxies.size).toBe(4);
        for (const count of proxies.values()) expect(count).toBeGreaterThan(0);
      }, 150_000);
    });
    expect(calls.failed).toBe(0);
  });
});

/** How many calls each proxy has ended since it began. */
async function callsOfProxies({ kubectl }: Scenario): Promise<Map<string, number>> {
  const pods = await kubectl.pods('app.kubernetes.io/name=l7-proxy');
  const counts = new Map<string, number>();
  for (const { name, adminPort, terminating } of pods) {
    if (terminating) continue;
    const metrics = await kubectl.adminPage(name, adminPort!, 'metrics');
    const samples = [...metrics.matchAll(/^evenly_proxy_calls_total\{[^}]*\} (\d+)$/gm)];
    counts.set(
      name,
      samples.reduce((sum, [, count]) => sum + Number(count), 0),
    );
  }
  return counts;
}
