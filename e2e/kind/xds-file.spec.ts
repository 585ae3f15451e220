import { expect, it } from 'vitest';
import { shareBecomes } from './client-calls.ts';
import { describeScenario } from './scenario.ts';

describeScenario('xds-file', (scenario) => {
  const weights = (v1: number, v2: number) =>
    scenario().editConfig('xds-server', 'mesh.yaml', (text) =>
      text.replace(/(subset: v1, weight:) \d+/, `$1 ${v1}`).replace(/(subset: v2, weight:) \d+/, `$1 ${v2}`),
    );

  it('0, 5, 50 and 100 of a hundred by an edit of the file: no call fails, no pod restarts', async () => {
    await shareBecomes(scenario().client, 'v2-', 0.05, 0.045);
    const before = await scenario().kubectl.pods('app.kubernetes.io/part-of=evenly');
    const calls = await scenario().client.during(async () => {
      for (const [share, tolerance] of [
        [0, 0],
        [50, 0.1],
        [100, 0],
      ] as const) {
        await weights(100 - share, share);
        await shareBecomes(scenario().client, 'v2-', share / 100, tolerance);
      }
    });
    expect(calls.failures).toEqual({});
    expect(await scenario().kubectl.pods('app.kubernetes.io/part-of=evenly')).toEqual(before);
  });
});
