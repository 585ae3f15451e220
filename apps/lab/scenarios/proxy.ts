import { mainService } from '../src/main-service.ts';
import type { Scenario } from '../src/scenario.ts';

/** Proxies in between, that balance each call. */
export const proxy: Scenario = {
  name: 'proxy',
  about: 'Two proxies balance call by call over pods that they look up by DNS SRV; clients find them by DNS.',
  use: 'For clients that cannot be changed, and where routing, retries and metrics are wanted in one place.',
  differs: 'DNS knows a change at once; in a cluster, CoreDNS caches for some seconds.',
  async start(stage) {
    await stage.pods(mainService);
    const config = (loadBalancing: string) => ({
      services: { 'be1-srv': { ...stage.foundByDns('be1-srv'), policy: { loadBalancing } } },
      routes: [{ match: {}, to: [{ service: 'be1-srv' }] }],
    });
    const write = (on: boolean) => stage.file('mesh.json', config(on ? 'peak-ewma' : 'least-request'));
    await stage.proxies(await write(false), { replicas: 2 });
    stage.peakEwma = write;
    await stage.callers({ target: `dns://${stage.dns}/proxy.default.svc.cluster.local:8080` });
  },
};
