import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failed, nowMs, type Caller } from '../client/caller.ts';
import { canRun } from './api-server.ts';
import { admin, Scene } from './scene.ts';

let scene: Scene;
beforeEach(async () => {
  scene = new Scene();
  await scene.start();
});
afterEach(() => scene.stop());

/** Other tests use the machine meanwhile: states are waited for so long. */
const patience = { timeout: 60_000 };

/** Whose pods have answered the newest calls, of which there are enough. */
const regionsOf = (caller: Caller, sinceMs: number) => {
  const pods = caller.between(sinceMs).flatMap(({ pod }) => pod ?? []);
  return pods.length < 50 ? [] : [...new Set(pods.slice(-50).map((pod) => pod.split('-')[0]))];
};

describe.skipIf(!canRun)('a service of two clusters with an API server each', () => {
  it('is answered by the other one, no call failed, while all of the own cluster is gone', async () => {
    const [eu, us] = scene.regions;
    const server = await scene.program('xds-server', 'xds');
    const proxy = await scene.program('l7-proxy', 'in');
    const callers = [scene.caller('xds', server, 'xds'), scene.caller('stock', proxy, 'in')];
    const answeredBy = async (regions: string[], sinceMs = nowMs()) => {
      for (const caller of callers)
        await expect
          .poll(() => [regionsOf(caller, sinceMs), failed(caller.calls)], patience)
          .toEqual([regions, []]);
    };
    await answeredBy(['eu']);
    const clusters = async () => {
      const { clusters: all } = JSON.parse(await admin(server, '/status')) as { clusters: object[] };
      return all;
    };
    await expect.poll(clusters, patience).toMatchObject([
      { name: 'eu', away: 0, endpoints: 2 },
      { name: 'us', away: 0, endpoints: 2 },
    ]);

    await scene.end(eu!);
    await answeredBy(['us']);
    await expect.poll(clusters, patience).toMatchObject([
      {
        name: 'eu',
        away: 1,
        endpoints: 2,
        error: expect.stringContaining('cluster eu: API server') as string,
      },
      { name: 'us', away: 0 },
    ]);
    expect(await admin(server, '/metrics')).toContain(
      'evenly_kubernetes_cluster_sources_away{kubernetes_cluster="eu"} 1',
    );

    // One that starts now has nothing of the own cluster, and is of use all the same.
    const newServer = await scene.program('xds-server', 'xds');
    callers.push(scene.caller('xds', newServer, 'xds'));
    await answeredBy(['us']);

    await eu!.api.start();
    await scene.startPods(eu!);
    await answeredBy(['eu']);
    await expect.poll(clusters, patience).toMatchObject([{ away: 0 }, { away: 0 }]);

    await scene.end(us!);
    await expect.poll(clusters, patience).toMatchObject([{ away: 0 }, { away: 1 }]);
    await answeredBy(['eu']);
    console.log(`${callers.map(({ calls }) => calls.length).join(', ')} calls, 0 failed`);
  });
});
