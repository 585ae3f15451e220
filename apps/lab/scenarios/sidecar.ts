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
    const listeners = [await stage.webListener()];
    const config = (loadBalancing: string) => ({
      services: { 'be1-srv': { ...stage.foundByDns('be1-srv'), policy: { loadBalancing } } },
      routes: [{ match: {}, to: [{ service: 'be1-srv' }] }],
      listeners,
    });
    const write = (on: boolean) => stage.file('mesh.json', config(on ? 'peak-ewma' : 'round-robin'));
    await stage.callers({ target: await stage.sidecar(await write(false)) });
    stage.peakEwma = write;
  },
};
