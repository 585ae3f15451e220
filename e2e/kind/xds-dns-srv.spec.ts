import { expect, it } from 'vitest';
import { eventually } from '../shared/wait.ts';
import { Kubectl } from './kubectl.ts';
import { allRespond, mainJobTests, underLoad } from './main-job.ts';
import { restartsUnderFrontends } from './restart-everything.ts';
import { describeScenario, overlayOf, Scenario } from './scenario.ts';

describeScenario('xds-dns-srv', (scenario) => {
  /** Every frontend all pods: DNS says nothing of zones. */
  mainJobTests(scenario, (_frontend, pods) => pods);
  restartsUnderFrontends(scenario, 'be2-srv');

  it('applied once more elsewhere, or tested where it lives already: refused, with the reason', async () => {
    const elsewhere = new Kubectl('default').run('apply', '--kustomize', overlayOf('xds-dns-srv'));
    await expect(elsewhere).rejects.toThrow(
      'the namespace from the provided object "xds-dns-srv" does not match the namespace "default"',
    );
    await expect(Scenario.start('xds-dns-srv')).rejects.toThrow('has a namespace xds-dns-srv already');
  });

  it('an image that is missing: the pod says which one, and the old pods go on', async () => {
    const { kubectl } = scenario();
    const before = (await scenario().podsOf('be2-srv')).map(({ name }) => name);
    await underLoad(scenario(), 'be2-srv', async () => {
      await kubectl.run('set', 'image', 'deployment/be2-srv', 'echo-backend=evenly/missing:dev');
      await eventually(async () => {
        const { stdout } = await kubectl.run('get', 'events', '--field-selector=reason=Failed');
        expect(stdout).toContain('Failed to pull image "evenly/missing:dev"');
      }, 60_000);
      await allRespond(scenario(), 'be2-srv', (_frontend, pods) =>
        pods.filter(({ name }) => before.includes(name)),
      );
      await kubectl.run('rollout', 'undo', 'deployment/be2-srv');
      await kubectl.rolledOut('be2-srv');
    });
    expect((await scenario().podsOf('be2-srv')).map(({ name }) => name)).toEqual(before);
  });

  it('a pod that the policy of the namespace refuses: the event says why, and the old pods go on', async () => {
    const { kubectl } = scenario();
    const before = (await scenario().podsOf('be2-srv')).map(({ name }) => name);
    const privileged = [{ op: 'add', path: '/spec/template/spec/hostNetwork', value: true }];
    const patch = ['--type=json', `--patch=${JSON.stringify(privileged)}`];
    const { stderr } = await kubectl.run('patch', 'deployment', 'be2-srv', ...patch);
    expect(stderr).toContain(
      'would violate PodSecurity "restricted:latest": host namespaces (hostNetwork=true)',
    );
    await eventually(async () => {
      const { stdout } = await kubectl.run('get', 'events', '--field-selector=reason=FailedCreate');
      expect(stdout).toContain(
        'violates PodSecurity "restricted:latest": host namespaces (hostNetwork=true)',
      );
    });
    await allRespond(scenario(), 'be2-srv', (_frontend, pods) =>
      pods.filter(({ name }) => before.includes(name)),
    );
    await kubectl.run('rollout', 'undo', 'deployment/be2-srv');
    await kubectl.rolledOut('be2-srv');
    expect((await scenario().podsOf('be2-srv')).map(({ name }) => name)).toEqual(before);
  });

  it('a broken config in the ConfigMap: said with line and field, and the last good one stays', async () => {
    const { kubectl } = scenario();
    const edit = (from: string, to: string) =>
      scenario().editConfig('xds-server', 'svc_config.json', (text) => text.replaceAll(from, to));
    await underLoad(scenario(), 'be1-srv', async () => {
      await edit('"portName": "grpc"', '"portName": 50051');
      await eventually(async () => {
        const logs = await kubectl.logs('xds-server');
        expect(logs).toContain('config refused; the last good one stays');
        expect(logs).toContain('svc_config.json:6');
        expect(logs).toContain('services[0].portName');
      }, 120_000);
    });
    await edit('"portName": 50051', '"portName": "grpc"');
    await edit('"be2-srv"', '"be3-srv"');
    const applied = '"services":["be1-srv","be3-srv"]';
    await eventually(async () => expect(await kubectl.logs('xds-server')).toContain(applied), 120_000);
    await allRespond(scenario(), 'be1-srv', (_frontend, pods) => pods);
  });
});
