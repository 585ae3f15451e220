import { expect, it } from 'vitest';
import {
  callsDuringFastRestarts,
  callsDuringRestart,
  clientReachesAll,
  newClientReachesAll,
  whoResponded,
} from './client-calls.ts';
import { eventually } from '../shared/wait.ts';
import { describeScenario } from './scenario.ts';

/** Several pairs of restarts. */
const restartsMs = 240_000;

describeScenario('headless-dns', (scenario) => {
  it('start: all three pods', async () => {
    await newClientReachesAll(scenario(), 'be1-srv');
    await clientReachesAll(scenario(), 'be1-srv');
  });

  it('3 to 5: the new pods get no call', async () => {
    const known = whoResponded(await clientReachesAll(scenario(), 'be1-srv'));
    await scenario().scale('be1-srv', 5);
    expect(whoResponded(await scenario().client.next(200))).toEqual(known);
  });

  it('a rolling restart: connections end, the client asks DNS again and finds all', async () => {
    await callsDuringRestart(scenario(), 'be1-srv');
    await clientReachesAll(scenario(), 'be1-srv');
  });

  it('two fast restarts: calls fail though pods are ready, until 30 s after the last look-up', async () => {
    // The 30 s count from the client's own look-up: restarts that are slow, or meet it late, are borne.
    await eventually(async () => {
      const calls = await callsDuringFastRestarts(scenario(), 'be1-srv');
      expect(calls.failed).toBeGreaterThan(0);
    }, restartsMs);
  });
});
