import { expect, it } from 'vitest';
import { eventually, Load } from '../../shared/wait.ts';
import { callFrontend } from '../../shared/frontend-client.ts';
import { allRespond } from '../main-job.ts';
import { describeScenario } from '../scenario.ts';

// Alone: a node that is drained is missing to all who are there.
describeScenario('xds-dns-srv', (scenario) => {
  it('a node is drained, with calls running: no call fails, and all pods are elsewhere', async (context) => {
    const { kubectl, frontends } = scenario();
    const [leaving, staying] = frontends;
    const node = leaving!.node!;
    if (staying === undefined || staying.node === node)
      context.skip('the frontends are on one node: the cluster has no second one for pods');

    const frontend = {
      call: (service: string, calls: number) => callFrontend(staying!.forward.url, service, calls),
    };
    const services = ['be1-srv', 'be2-srv'];
    // Ready pods are in DNS before the xds-servers have looked again.
    for (const service of services) await allRespond(scenario(), service, (_frontend, pods) => pods);
    const loads = services.map((service) => new Load(frontend, service, 1));
    const isEmpty = async () => {
      const pods = await kubectl.pods('app.kubernetes.io/part-of=evenly');
      return pods.every((pod) => pod.node !== node);
    };
    try {
      // Only pods of this scenario: whatever else lives in the cluster stays.
      const ours = '--pod-selector=app.kubernetes.io/part-of=evenly';
      await kubectl.run('drain', node, ours, '--ignore-daemonsets', '--timeout=180s');
      await eventually(async () => expect(await isEmpty()).toBe(true), 60_000);
      for (const deployment of await kubectl.names('deployments')) await kubectl.rolledOut(deployment);
    } finally {
      await kubectl.run('uncordon', node);
      const failed = (await Promise.all(loads.map((load) => load.stop()))).flat();
      expect(failed).toEqual([]);
    }
    for (const { answers } of loads) expect(answers.length).toBeGreaterThan(0);
    // Only now: it closes the way that the load took.
    await scenario().reconnect();
    for (const service of services) await allRespond(scenario(), service, (_frontend, pods) => pods);
  });
});
