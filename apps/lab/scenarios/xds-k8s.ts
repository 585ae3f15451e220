import { mainService } from '../src/main-service.ts';
import { xdsClientsChoose, type Scenario } from '../src/scenario.ts';
import { clientZone, otherZone } from '../src/stage/files.ts';

/** The xDS server watches Kubernetes, and keeps calls in the zone of the caller. */
export const xdsK8s: Scenario = {
  name: 'xds-k8s',
  about:
    'Proxyless gRPC: the xDS server watches EndpointSlices, and clients stay in their own zone while it has pods.',
  use: 'For many clients, at once the quickest updates and the cheapest calls: one part of the mesh reads the API for all.',
  differs: "Pods take the two zones by turns; the API is the lab's own, without TLS and RBAC.",
  reaches: ({ zone }) => zone === clientZone,
  withoutPeakEwma: xdsClientsChoose,
  async start(stage) {
    await stage.pods(mainService, { replicas: 4, zones: [clientZone, otherZone] });
    const config = await stage.file('mesh.json', {
      services: {
        'be1-srv': {
          source: { kubernetes: { service: 'be1-srv', namespace: 'default', port: 'grpc' } },
          policy: { zonePreference: 'failover' },
        },
      },
    });
    await stage.xdsServer(config, await stage.kubernetes());
    await stage.callers({ target: 'xds:///be1-srv' });
  },
};
