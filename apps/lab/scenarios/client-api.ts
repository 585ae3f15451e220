import { mainService } from '../src/main-service.ts';
import type { Scenario } from '../src/scenario.ts';

/** The client asks Kubernetes itself. */
export const clientApi: Scenario = {
  name: 'client-api',
  about:
    'The client watches the EndpointSlices of the Service in the Kubernetes API, and balances by itself.',
  use: 'For a few clients in the cluster that may be given read access to the API: the quickest updates, no other part.',
  differs: "The API is the lab's own; it has neither TLS nor RBAC here.",
  async start(stage) {
    await stage.pods(mainService);
    const env = await stage.kubernetes();
    await stage.callers({ target: 'k8s:///be1-srv.default:grpc', env });
    stage.peakEwma = (on) => stage.clientByPeakEwma(on);
  },
};
