import { expect, it } from 'vitest';
import { eventually } from '../shared/wait.ts';
import { allRespond, mainJobTests, ownZoneFirst, underLoad } from './main-job.ts';
import { PortForward } from './port-forward.ts';
import { describeScenario } from './scenario.ts';

describeScenario('xds-k8s', (scenario) => {
  mainJobTests(scenario, ownZoneFirst);

  it('a new pod answers, and a pod that is not ready does not', async () => {
    await scenario().scale('be2-srv', 3);
    await allRespond(scenario(), 'be2-srv', ownZoneFirst);
    const [sick] = await scenario().podsOf('be2-srv');
    const admin = await PortForward.open('xds-k8s', sick!.name, 8081);
    await setHealthy(admin, false);
    await allRespond(scenario(), 'be2-srv', (frontend, pods) =>
      ownZoneFirst(
        frontend,
        pods.filter(({ name }) => name !== sick!.name),
      ),
    );
    await setHealthy(admin, true);
    await allRespond(scenario(), 'be2-srv', ownZoneFirst);
    await admin.close();
  });

  it('a zone without healthy pods: its frontend calls the other zone, and comes back', async (context) => {
    const zone = scenario().frontends[0]!.zone;
    if (zone === undefined)
      context.skip('the cluster has no zones, or does not tell its pods (see kind/cluster.yaml)');
    const pods = await scenario().podsOf('be1-srv');
    const near = pods.filter((pod) => pod.zone === zone);
    expect(near.length).toBeGreaterThan(0);
    expect(near.length).toBeLessThan(pods.length);
    const admins = await Promise.all(near.map(({ name }) => PortForward.open('xds-k8s', name, 8081)));
    await underLoad(scenario(), 'be1-srv', async () => {
      for (const admin of admins) await setHealthy(admin, false);
      await allRespond(scenario(), 'be1-srv', (_frontend, all) => all.filter((pod) => pod.zone !== zone));
      for (const admin of admins) await setHealthy(admin, true);
      await allRespond(scenario(), 'be1-srv', ownZoneFirst);
    });
    for (const admin of admins) await admin.close();
  });

  it('a Role without watch: said with the missing rule; calls go on; with the rule back all is well', async () => {
    const { kubectl } = scenario();
    const allow = (...verbs: string[]) => {
      const patch = JSON.stringify([{ op: 'replace', path: '/rules/0/verbs', value: verbs }]);
      return kubectl.run('patch', 'role', 'xds-server', '--type=json', `--patch=${patch}`);
    };
    await underLoad(scenario(), 'be1-srv', async () => {
      await allow('get', 'list');
      await scenario().restart('xds-server'); // a watch that is open stays open
      await eventually(async () => {
        const logs = await kubectl.logs('xds-server');
        expect(logs).toContain('RBAC allows no \\"watch\\" of endpointslices');
        expect(logs).toContain('in namespace \\"xds-k8s\\"; a Role there needs the rule');
      });
      await allow('get', 'list', 'watch');
      await eventually(
        async () => expect(await kubectl.logs('xds-server')).toContain('endpoints are followed again'),
        90_000,
      );
    });
    await allRespond(scenario(), 'be1-srv', ownZoneFirst);
  });
});

async function setHealthy(admin: PortForward, healthy: boolean): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${admin.url}/behaviour`, {
    method: 'PATCH',
    headers,
    body: JSON.stringify({ healthy }),
  });
  expect(response.status).toBe(200);
}
