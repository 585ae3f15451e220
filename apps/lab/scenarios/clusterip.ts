import { mainService } from '../src/main-service.ts';
import type { Scenario } from '../src/scenario.ts';

/** What everybody has at first: one connection, one pod. */
export const clusterip: Scenario = {
  name: 'clusterip',
  about: 'A plain Service: kube-proxy leads each new connection to some pod, and gRPC keeps one connection.',
  use: 'Only for clients that open many short connections; a gRPC client stays with one pod for as long as it lives.',
  differs:
    'A process of the lab stands for kube-proxy: it forwards bytes, where the kernel rewrites packets.',
  withoutPeakEwma:
    'the virtual IP chooses a pod for each connection, not for each call: put a proxy in between',
  async start(stage) {
    await stage.pods(mainService, { virtualIp: true });
    await stage.callers({ target: `dns://${stage.dns}/be1-srv.default.svc.cluster.local:50051` });
  },
};
