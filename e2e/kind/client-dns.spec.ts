import { expect, it } from 'vitest';
import { callsDuringRestart, clientReachesAll } from './client-calls.ts';
import { restartsUnderClient } from './restart-everything.ts';
import { describeScenario } from './scenario.ts';

describeScenario('client-dns', (scenario) => {
  it('start: all three pods', async () => {
    await clientReachesAll(scenario(), 'be1-srv');
  });

  it('3 to 5: the new pods join while all is well, and no call fails', async () => {
    const calls = await scenario().client.during(async () => {
      await scenario().scale('be1-srv', 5);
      await clientReachesAll(scenario(), 'be1-srv');
    });
    expect(calls.failures).toEqual({});
  });

  it('a rolling restart: no call fails', async () => {
    const calls = await callsDuringRestart(scenario(), 'be1-srv');
    expect(calls.failures).toEqual({});
    await clientReachesAll(scenario(), 'be1-srv');
  });

  restartsUnderClient(scenario);
});
