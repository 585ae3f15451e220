import { expect, it } from 'vitest';
import { callsDuringRestart, clientReachesAll } from './client-calls.ts';
import type { Calls } from './client-pod.ts';
import { describeScenario } from './scenario.ts';

/**
 * A call that crosses with the GOAWAY of a connection that has come of age fails: grpc-js does not try it elsewhere
 * (grpc-node#2694). Few do.
 */
function hardlyAnyFailed({ answered, failed }: Calls): void {
  expect(failed).toBeLessThanOrEqual(answered / 100);
}

describeScenario('max-age', (scenario) => {
  it('start: all three pods', async () => {
    await clientReachesAll(scenario(), 'be1-srv');
  });

  it('3 to 5: the new pods join when connections have come of age and DNS was asked again', async () => {
    const calls = await scenario().client.during(async () => {
      await scenario().scale('be1-srv', 5);
      await clientReachesAll(scenario(), 'be1-srv');
    });
    hardlyAnyFailed(calls);
  });

  it('a rolling restart, longer than the client needs to learn of new pods: hardly any call is lost', async () => {
    const calls = await callsDuringRestart(scenario(), 'be1-srv');
    hardlyAnyFailed(calls);
    await clientReachesAll(scenario(), 'be1-srv');
  });
});
