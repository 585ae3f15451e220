import { mainService } from '../src/main-service.ts';
import { plainClientsChoose, type Scenario } from '../src/scenario.ts';

/** The server sends its clients away now and then, so that they look again. */
export const maxAge: Scenario = {
  name: 'max-age',
  about:
    'headless-dns, and servers that close connections after 10 s, so that clients look their pods up again.',
  use: 'Where only the servers can be changed; new pods wait for the age, and for the 30 s between two look-ups.',
  differs: 'DNS knows a change at once; in a cluster, CoreDNS caches for some seconds.',
  patienceS: 45,
  withoutPeakEwma: plainClientsChoose,
  async start(stage) {
    const args = ['--max-connection-age', '10s', '--max-connection-age-grace', '20s'];
    await stage.pods(mainService, { ownAddresses: true, args });
    await stage.callers({ target: `dns://${stage.dns}/be1-srv.default.svc.cluster.local:50051` });
  },
};
