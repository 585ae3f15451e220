import { expect, it } from 'vitest';
import { eventually, Load } from '../shared/wait.ts';
import { frontendService } from './frontend-service.ts';
import type { Kubectl } from './kubectl.ts';
import type { Scenario } from './scenario.ts';

/** How often all is restarted, one time right after the other. */
const times = Number(process.env['E2E_RESTARTS'] ?? 1);
/** Longer than the grace period of any pod, on a machine that has a lot to do. */
const endedMs = 150_000;
/** Each time all pods are made anew, one after the other per Deployment. */
const timeoutMs = 120_000 + times * 180_000;

/** All Deployments at once; the calls come from outside, by way of the frontends that are ready. */
export function restartsUnderFrontends(scenario: () => Scenario, service: string): void {
  it(
    'all Deployments are restarted at once, with calls running: no request fails',
    async () => {
      const { kubectl } = scenario();
      const load = new Load(frontendService(kubectl), service, 2);
      try {
        for (let time = 0; time < times; time++)
          await restartAtOnce(kubectl, await kubectl.names('deployments'));
      } finally {
        expect(await load.stop()).toEqual([]);
      }
      expect(load.answers.length).toBeGreaterThan(0);
      await scenario().reconnect();
    },
    timeoutMs,
  );
}

/** All Deployments but that of the client, which makes the calls, at once. */
export function restartsUnderClient(scenario: () => Scenario): void {
  it(
    'all but the client is restarted at once, with calls running: no call fails',
    async () => {
      const { kubectl } = scenario();
      const others = (await kubectl.names('deployments')).filter((name) => name !== 'echo-client');
      const calls = await scenario().client.during(async () => {
        for (let time = 0; time < times; time++) await restartAtOnce(kubectl, others);
      });
      expect(calls.failures).toEqual({});
      expect(calls.answered).toBeGreaterThan(0);
    },
    timeoutMs,
  );
}

/** Resolves when the new pods are ready and the last old one is gone. */
async function restartAtOnce(kubectl: Kubectl, deployments: readonly string[]): Promise<void> {
  await kubectl.run('rollout', 'restart', ...deployments.map((name) => `deployment/${name}`));
  for (const deployment of deployments) await kubectl.rolledOut(deployment);
  await eventually(async () => {
    const pods = await kubectl.pods('app.kubernetes.io/part-of=evenly');
    expect(pods.filter(({ terminating }) => terminating)).toEqual([]);
  }, endedMs);
}
