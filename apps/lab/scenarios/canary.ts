import { mainService } from '../src/main-service.ts';
import type { Scenario } from '../src/scenario.ts';

/** Two versions; the route says which share of the calls each gets, the client may ask for one. */
export const canary: Scenario = {
  name: 'canary',
  about:
    'A proxy splits calls between two versions by weight, live; calls with x-canary: always go to the new one.',
  use: 'To roll a new version out by shares of the calls, whatever the number of its pods.',
  differs: 'The config file is written by the lab, where a cluster has a ConfigMap.',
  header: 'x-canary=always',
  withoutPeakEwma: 'its proxy could, as that of the scenario sidecar does',
  async start(stage) {
    await stage.pods(mainService);
    await stage.pods('be1-srv-v2');
    const listeners = [await stage.webListener()];
    const config = (shares: Record<string, number>) => ({
      services: {
        'be1-srv': stage.foundByDns('be1-srv'),
        'be1-srv-v2': stage.foundByDns('be1-srv-v2'),
      },
      routes: [
        { match: { headers: [{ name: 'x-canary', exact: 'always' }] }, to: [{ service: 'be1-srv-v2' }] },
        { match: {}, to: Object.entries(shares).map(([service, weight]) => ({ service, weight })) },
      ],
      listeners,
    });
    const file = await stage.shares('mesh.json', { 'be1-srv': 50, 'be1-srv-v2': 50 }, config);
    await stage.callers({ target: await stage.sidecar(file) });
  },
};
