import { mainService } from '../src/main-service.ts';
import type { Scenario } from '../src/scenario.ts';

/** The client looks again while all is well, which gRPC's own DNS resolver never does. */
export const clientDns: Scenario = {
  name: 'client-dns',
  about: 'The client looks SRV records up again and again, also while all is well, and balances by itself.',
  use: 'For clients without access to the API: nothing but DNS is needed; new pods wait for the next look-up.',
  differs: 'DNS knows a change at once; in a cluster, CoreDNS caches for some seconds.',
  patienceS: 15,
  async start(stage) {
    await stage.pods(mainService);
    const name = '_grpc._tcp.be1-srv.default.svc.cluster.local';
    await stage.callers({ target: `dns+srv://${stage.dns}/${name}` });
    stage.peakEwma = (on) => stage.clientByPeakEwma(on);
  },
};
