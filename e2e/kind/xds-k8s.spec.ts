import { expect, it } from 'vitest';
import { eventually, Load } from '../shared/wait.ts';
import { frontendService } from './frontend-service.ts';
import { allRespond, mainJobTests, ownZoneFirst, underLoad } from './main-job.ts';
import type { Kubectl } from './kubectl.ts';
import { PortForward } from './port-forward.ts';
import { restartsUnderFrontends } from './restart-everything.ts';
import { describeScenario } from './scenario.ts';

describeScenario('xds-k8s', (scenario) => {
  mainJobTests(scenario, ownZoneFirst);
  restartsUnderFrontends(scenario, 'be1-srv');

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

  it('without xds-servers a restart of the frontends replaces nobody; it goes on when they are back; no request fails', async () => {
    const { kubectl } = scenario();
    const before = (await kubectl.pods(ofApp('frontend'))).map(({ name }) => name);
    const load = new Load(frontendService(kubectl), 'be1-srv', 2);
    await kubectl.run('scale', 'deployment/xds-server', '--replicas=0');
    await kubectl.run('wait', 'pods', `--selector=${ofApp('xds-server')}`, '--for=delete', '--timeout=120s');
    await kubectl.run('rollout', 'restart', 'deployment/frontend');
    await expect(notRolledOut(kubectl, 'frontend')).resolves.toContain('timed out');
    const during = await kubectl.pods(ofApp('frontend'));
    expect(during.filter(({ terminating }) => !terminating).map(({ name }) => name)).toEqual(
      expect.arrayContaining(before),
    );
    const fresh = during.find(({ name }) => !before.includes(name))!;
    const forward = await PortForward.open('xds-k8s', fresh.name, 8080);
    expect(await (await fetch(`${forward.url}/readyz`)).text()).toContain('channel xds:///be1-srv');
    await forward.close();
    await kubectl.run('scale', 'deployment/xds-server', '--replicas=2');
    await kubectl.rolledOut('frontend');
    expect(await load.stop()).toEqual([]);
    expect(load.answers.length).toBeGreaterThan(0);
    await scenario().reconnect();
    await allRespond(scenario(), 'be1-srv', ownZoneFirst);
  });

  it('without rights a restart of the xds-servers replaces nobody; with them it goes on; no request fails', async () => {
    const { kubectl } = scenario();
    const setRules = (rules: readonly object[]) => {
      const patch = JSON.stringify([{ op: 'replace', path: '/rules', value: rules }]);
      return kubectl.run('patch', 'role', 'xds-server', '--type=json', `--patch=${patch}`);
    };
    const { stdout } = await kubectl.run('get', 'role', 'xds-server', '--output=json');
    const { rules } = JSON.parse(stdout) as { rules: object[] };
    const before = (await kubectl.pods(ofApp('xds-server'))).map(({ name }) => name);
    await underLoad(scenario(), 'be1-srv', async () => {
      await setRules([]);
      await kubectl.run('rollout', 'restart', 'deployment/xds-server');
      await expect(notRolledOut(kubectl, 'xds-server')).resolves.toContain('timed out');
      const during = (await kubectl.pods(ofApp('xds-server'))).filter(({ terminating }) => !terminating);
      expect(during.map(({ name }) => name)).toEqual(expect.arrayContaining(before));
      await setRules(rules);
      await kubectl.rolledOut('xds-server');
    });
    await allRespond(scenario(), 'be1-srv', ownZoneFirst);
  });
});

const ofApp = (app: string) => `app.kubernetes.io/name=${app}`;

/** Longer than a roll-out takes here, and than the server's patience. @returns what kubectl says of a roll-out that goes no further */
const notRolledOut = (kubectl: Kubectl, deployment: string): Promise<string> =>
  kubectl.run('rollout', 'status', `deployment/${deployment}`, '--timeout=75s').then(
    () => 'it is rolled out',
    (error: Error) => error.message,
  );

async function setHealthy(admin: PortForward, healthy: boolean): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${admin.url}/behaviour`, {
    method: 'PATCH',
    headers,
    body: JSON.stringify({ healthy }),
  });
  expect(response.status).toBe(200);
}
