import { expect, it } from 'vitest';
import { eventually } from '../shared/wait.ts';
import { callsDuringRestart, clientReachesAll } from './client-calls.ts';
import { restartsUnderClient } from './restart-everything.ts';
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
    expect(calls.failures).toEqual({});
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
    expect(calls.failures).toEqual({});
  });

  it('all proxies that the client knows go before it may ask DNS again: no call fails', async () => {
    await scenario().scale('l7-proxy', 2);
    await scenario().restart('echo-client');
    await scenario().reconnect();
    const calls = await scenario().client.during(async () => {
      await scenario().restart('l7-proxy');
      await eventually(async () => expect(await proxiesEnd(scenario())).toBe(false), 150_000);
    });
    expect(calls.failures).toEqual({});
    expect(calls.answered).toBeGreaterThan(0);
  });

  restartsUnderClient(scenario);
});

const proxiesOf = ({ kubectl }: Scenario) => kubectl.pods('app.kubernetes.io/name=l7-proxy');
const proxiesEnd = async (scenario: Scenario) =>
  (await proxiesOf(scenario)).some(({ terminating }) => terminating);

/** How many calls each proxy has ended since it began. */
async function callsOfProxies(scenario: Scenario): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { name, adminPort, terminating } of await proxiesOf(scenario)) {
    if (terminating) continue;
    const metrics = await scenario.kubectl.adminPage(name, adminPort!, 'metrics');
    const samples = [...metrics.matchAll(/^evenly_proxy_calls_total\{[^}]*\} (\d+)$/gm)];
    counts.set(
      name,
      samples.reduce((sum, [, count]) => sum + Number(count), 0),
    );
  }
  return counts;
}
