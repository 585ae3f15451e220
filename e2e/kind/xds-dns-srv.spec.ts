import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../shared/wait.ts';
import { allAnswer, mainJobTests, underLoad } from './main-job.ts';
import { noCluster, Scenario } from './scenario.ts';

describe.skipIf(noCluster)(`xds-dns-srv${noCluster ? ` (skipped: ${noCluster})` : ''}`, () => {
  let scenario: Scenario;
  beforeAll(async () => {
    scenario = await Scenario.start('xds-dns-srv');
  });
  afterAll(() => (scenario as Scenario | undefined)?.stop());
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await scenario.keepLogs();
  });

  /** Every frontend all pods: DNS says nothing of zones. */
  mainJobTests(
    () => scenario,
    (_frontend, pods) => pods,
  );

  it('a broken config in the ConfigMap: said with line and field, and the last good one stays', async () => {
    const { kubectl } = scenario;
    const get = ['get', 'configmap', 'xds-server-config', '--output=jsonpath={.data.svc_config\\.json}'];
    const { stdout: good } = await kubectl.run(...get);
    const write = (text: string) =>
      kubectl.run(
        'patch',
        'configmap',
        'xds-server-config',
        `--patch=${JSON.stringify({ data: { 'svc_config.json': text } })}`,
      );
    await underLoad(scenario, 'be1-srv', async () => {
      await write(good.replace('"portName": "grpc"', '"portName": 50051'));
      await newsOfFiles(async () => {
        const logs = await kubectl.logs('xds-server');
        expect(logs).toContain('config refused; the last good one stays');
        expect(logs).toContain('services[0].portName');
      });
    });
    await write(good.replaceAll('"be2-srv"', '"be3-srv"'));
    const applied = '"services":["be1-srv","be3-srv"]';
    await newsOfFiles(async () => expect(await kubectl.logs('xds-server')).toContain(applied));
    await allAnswer(scenario, 'be1-srv', (_frontend, pods) => pods);
  });

  /** The kubelet brings an edited ConfigMap within its sync period, a minute, and sooner to a pod that changes. */
  async function newsOfFiles(attempt: () => Promise<void>): Promise<void> {
    const touch = ['--overwrite', `evenly/touched=${Date.now()}`];
    await scenario.kubectl.run('annotate', 'pods', '--selector=app.kubernetes.io/name=xds-server', ...touch);
    await eventually(attempt, 120_000);
  }
});
