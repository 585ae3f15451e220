import { expect, it } from 'vitest';
import { shareBecomes, whoResponded } from './client-calls.ts';
import { describeScenario } from './scenario.ts';

describeScenario('canary', (scenario) => {
  const weights = (v1: number, v2: number) =>
    scenario().editConfig('l7-proxy', 'mesh.yaml', (text) =>
      text.replace(/(subset: v1, weight:) \d+/, `$1 ${v1}`).replace(/(subset: v2, weight:) \d+/, `$1 ${v2}`),
    );
  const preview = () => scenario().clientOf('preview-echo-client');
  const everybody = () => scenario().clientOf('echo-client');

  it('start: one call of a hundred to v2, and all calls that have the header', async () => {
    await shareBecomes(everybody(), 'v2-', 0.01, 0.02);
    const calls = await preview().next(200);
    expect(whoResponded(calls).every((pod) => pod.startsWith('v2-'))).toBe(true);
    expect(calls.failures).toEqual({});
  });

  it('0, 50 and 100 of a hundred by an edit of the ConfigMap; no call fails, no pod restarts', async () => {
    const before = await scenario().kubectl.pods('app.kubernetes.io/part-of=evenly');
    const calls = await everybody().during(async () => {
      for (const share of [0, 50, 100]) {
        await weights(100 - share, share);
        await shareBecomes(everybody(), 'v2-', share / 100, share % 100 === 0 ? 0 : 0.1);
      }
    });
    expect(calls.failures).toEqual({});
    expect(await scenario().kubectl.pods('app.kubernetes.io/part-of=evenly')).toEqual(before);
  });

  it('shares hold whatever the replica counts, and through a rolling restart; no call fails', async () => {
    const calls = await everybody().during(async () => {
      await weights(50, 50);
      await scenario().scale('v2-srv', 1);
      await shareBecomes(everybody(), 'v2-', 0.5, 0.1);
      await scenario().restart('v1-srv');
      await shareBecomes(everybody(), 'v2-', 0.5, 0.1);
    });
    expect(calls.failures).toEqual({});
  });
});
