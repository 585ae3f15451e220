import { expect, it } from 'vitest';
import { eventually } from '../shared/wait.ts';
import { allRespond, ownZoneFirst } from './main-job.ts';
import { describeScenario } from './scenario.ts';

// What docs/kubernetes.md tells people to do.
describeScenario('my-service', (scenario) => {
  it('the init container has written the bootstrap, with who and where the client is', async () => {
    const { kubectl, frontends } = scenario();
    const [client] = frontends;
    const { stdout } = await kubectl.run('logs', client!.name, '--container=xds-bootstrap');
    const where = client!.zone === undefined ? 'no zone' : `zone ${client!.zone}`;
    expect(stdout).toContain(`wrote /xds/bootstrap.json for my-service/${client!.name}, ${where}`);
  });

  it('xds:///my-service: the pods of the own zone answer, new ones too', async () => {
    await allRespond(scenario(), 'my-service', ownZoneFirst);
    await scenario().scale('my-service', 5);
    await allRespond(scenario(), 'my-service', ownZoneFirst);
  });

  it('a wrong key in the config: the log says where, and the pods still answer', async () => {
    const { kubectl } = scenario();
    await scenario().editConfig('xds-server', 'mesh.yaml', (text) => text.replace('source:', 'sauce:'));
    await eventually(async () => {
      const logs = await kubectl.logs('xds-server');
      expect(logs).toContain('config refused; the last good one stays');
      expect(logs).toContain('mesh.yaml:3: services.my-service.sauce: is not a field that is known here');
    }, 120_000);
    await allRespond(scenario(), 'my-service', ownZoneFirst);
  });
});
