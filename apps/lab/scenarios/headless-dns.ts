import { mainService } from '../src/main-service.ts';
import { plainClientsChoose, type Scenario } from '../src/scenario.ts';

/** The client looks the pods up, once. */
export const headlessDns: Scenario = {
  name: 'headless-dns',
  about:
    'A headless Service: DNS names each pod, the client takes turns among those that it found at the start.',
  use: 'Where pods hardly ever change: it looks again only when a connection breaks, and not within 30 s.',
  differs: 'DNS knows a change at once; in a cluster, CoreDNS caches for some seconds.',
  withoutPeakEwma: plainClientsChoose,
  async start(stage) {
    await stage.pods(mainService, { ownAddresses: true });
    await stage.callers({ target: `dns://${stage.dns}/be1-srv.default.svc.cluster.local:50051` });
  },
};
