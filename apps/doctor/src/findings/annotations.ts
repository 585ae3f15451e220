import { ServiceDiscovery } from '@evenly/gateway-api';
import { seen, type Check } from './finding.ts';

/** What the xds-server says of the annotations `evenly.dev/…`, in the same words. */
export const annotations: Check = ({ service }) =>
  new ServiceDiscovery().partOf([service.discoverable]).faults.map(({ message }) => ({
    id: 'annotation-fault',
    severity: 'error',
    title: 'An annotation for the xds-server does not count: it has a fault.',
    why: 'The xds-server serves the Service as if the annotation was not there.',
    evidence: [seen(message)],
    advice: [{ text: 'Mend it; docs/mesh-config.md has all fields.' }],
  }));
