import { serviceLines } from './manifest.ts';
import { seen, type Check } from './finding.ts';

/** Made for peers that find each other at their start: for clients it undoes readiness probes. */
export const publishNotReady: Check = (service) =>
  !service.service.publishesNotReady
    ? []
    : [
        {
          id: 'publish-not-ready',
          severity: 'error',
          title: 'Pods that are not ready get calls.',
          why:
            'With publishNotReadyAddresses, DNS and EndpointSlices name each pod as ready from its start to its end, ' +
            'whatever its probes say. It is meant for the members of a StatefulSet to find each other.',
          evidence: [seen('the Service has publishNotReadyAddresses: true')],
          advice: [
            {
              text: 'Take it away; where peers need it, let them have a headless Service of their own.',
              manifest: serviceLines(service, ['publishNotReadyAddresses: false']),
            },
          ],
        },
      ];
