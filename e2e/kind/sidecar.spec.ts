import { expect, it } from 'vitest';
import { callsDuringRestart, clientReachesAll } from './client-calls.ts';
import { describeScenario } from './scenario.ts';

describeScenario('sidecar', (scenario) => {
  it('start: all three pods, through localhost', async () => {
    const { kubectl } = scenario();
    await clientReachesAll(scenario(), 'be1-srv');
    const { stdout } = await kubectl.run('get', 'deployment', 'echo-client', '--output=json');
    expect(stdout).toContain('dns:///localhost:');
  });

  it('3 to 5, then a rolling restart: new pods join, no call fails, and the client is the same', async () => {
    const client = () => scenario().kubectl.pods('app.kubernetes.io/name=echo-client');
    const before = await client();
    const calls = await scenario().client.during(async () => {
      await scenario().scale('be1-srv', 5);
      await clientReachesAll(scenario(), 'be1-srv');
      await callsDuringRestart(scenario(), 'be1-srv');
      await clientReachesAll(scenario(), 'be1-srv');
    });
    expect(calls.failures).toEqual({});
    expect(await client()).toEqual(before);
  });
});
