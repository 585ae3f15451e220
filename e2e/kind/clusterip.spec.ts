import { expect, it } from 'vitest';
import { callsDuringRestart, clientIsPinned, whoResponded } from './client-calls.ts';
import { describeScenario } from './scenario.ts';

describeScenario('clusterip', (scenario) => {
  it('start: one of the three pods has all calls', async () => {
    await clientIsPinned(scenario(), 'be1-srv');
  });

  it('3 to 5: the new pods get no call', async () => {
    const pinned = await clientIsPinned(scenario(), 'be1-srv');
    await scenario().scale('be1-srv', 5);
    expect(whoResponded(await scenario().client.next(200))).toEqual([pinned]);
  });

  it('a rolling restart: the client comes to one of the new pods', async () => {
    const old = (await scenario().podsOf('be1-srv')).map(({ name }) => name);
    await callsDuringRestart(scenario(), 'be1-srv');
    expect(old).not.toContain(await clientIsPinned(scenario(), 'be1-srv'));
  });
});
