import { mainService } from '../src/main-service.ts';
import { xdsClientsChoose, type Scenario } from '../src/scenario.ts';

/** Everything that the xDS server serves stands in a file, which is edited while it runs. */
export const xdsFile: Scenario = {
  name: 'xds-file',
  about:
    'Proxyless gRPC: the xDS server serves the services and shares of a file; an edit takes effect at once.',
  use: 'To shift calls between versions without a proxy; also where endpoints come from elsewhere than Kubernetes.',
  differs: 'The config file is written by the lab, where a cluster has a ConfigMap.',
  withoutPeakEwma: xdsClientsChoose,
  async start(stage) {
    await stage.pods(mainService);
    await stage.pods('be1-srv-v2');
    const config = (shares: Record<string, number>) => ({
      services: {
        'be1-srv': stage.foundByDns('be1-srv'),
        'be1-srv-v2': stage.foundByDns('be1-srv-v2'),
      },
      routes: [
        {
          match: { authority: 'be1-srv' },
          to: Object.entries(shares).map(([service, weight]) => ({ service, weight })),
        },
      ],
    });
    const file = await stage.shares('mesh.json', { 'be1-srv': 50, 'be1-srv-v2': 50 }, config);
    await stage.xdsServer(file);
    await stage.callers({ target: 'xds:///be1-srv' });
  },
};
