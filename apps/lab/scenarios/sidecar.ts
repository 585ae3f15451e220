import { mainService } from '../src/main-service.ts';
import type { Scenario } from '../src/scenario.ts';

/** A proxy for each client, in its pod. */
export const sidecar: Scenario = {
  name: 'sidecar',
  about: 'A proxy in the pod of the client: the client calls localhost, the proxy balances call by call.',
  use: 'For clients that cannot be changed, without a tier of proxies that all calls share; one proxy per client pod.',
  differs: 'Client and proxy are two processes of this machine, where a pod would limit their CPU.',
  async start(stage) {
    await stage.pods(mainService);
    const config = await stage.file('mesh.json', {
      services: { 'be1-srv': stage.foundByDns('be1-srv') },
      routes: [{ match: {}, to: [{ service: 'be1-srv' }] }],
      listeners: [await stage.webListener()],
    });
    await stage.callers({ target: await stage.sidecar(config) });
  },
};
