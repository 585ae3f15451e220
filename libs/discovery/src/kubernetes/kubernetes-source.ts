import { DiscoveryError, endpointSet, Updates, type EndpointSource } from '@evenly/endpoints';
import type { EndpointSlice } from './endpoint-slice.ts';
import type { EndpointSlices } from './endpoint-slices.ts';
import { sliceMerger, type SliceEndpoints } from './slice-endpoints.ts';

export interface KubernetesSourceOptions {
  slices: EndpointSlices;
  namespace: string;
  service: string;
  /** The port's name in the Service; or the pods' port number, which is the Service's `targetPort`. */
  port: string | number;
  /** Something is left out of the set, or looks like a mistake, but is no error. Said once, until it is another text. */
  onWarning?: (message: string) => void;
}

/**
 * Endpoints of a Kubernetes service, from its EndpointSlices, as they change. Needs "list" and "watch" of
 * `endpointslices` in the namespace, nothing else.
 * A service that has no endpoints, or is not there, is an empty set: without more rights the two look the same.
 */
export function kubernetesSource(options: KubernetesSourceOptions): EndpointSource {
  const { slices, namespace, service, port, onWarning } = options;
  const name = `${namespace}/${service}`;
  return {
    description: `kubernetes ${name}:${port}`,
    watch: (listener) => {
      const updates = new Updates(listener);
      const merge = sliceMerger(port);
      let warned: string | undefined;
      let noPort: string | undefined;
      const onSlices = (ofService: ReadonlyMap<string, EndpointSlice>) => {
        const { endpoints, withoutPort } = merge(ofService.values());
        if (endpoints.length === 0 && withoutPort !== undefined) {
          const message = describe(name, port, withoutPort);
          if (message !== noPort) updates.error('port', new DiscoveryError('NO_PORT', message));
          noPort = message;
          return;
        }
        noPort = undefined;
        updates.endpoints(endpointSet(endpoints));
        updates.ok('port');
        const warning = warningOf(name, port, ofService, withoutPort);
        if (warning !== undefined && warning !== warned) onWarning?.(warning);
        warned = warning;
      };
      return slices.watch(
        { namespace, service },
        { onSlices, onError: (error) => updates.error('api', error), onWatching: () => updates.ok('api') },
      );
    },
  };
}

function warningOf(
  name: string,
  port: string | number,
  slices: ReadonlyMap<string, EndpointSlice>,
  withoutPort: SliceEndpoints['withoutPort'],
): string | undefined {
  if (slices.size === 0) return `there is no EndpointSlice of service ${name}: does the service exist?`;
  return withoutPort && describe(name, port, withoutPort);
}

function describe(
  name: string,
  port: string | number,
  { slices, ports }: NonNullable<SliceEndpoints['withoutPort']>,
): string {
  const which =
    slices.length > 3 ? `${slices.slice(0, 3).join(', ')} and ${slices.length - 3} more` : slices.join(', ');
  const has = ports.length > 0 ? ports.slice(0, 10).join(', ') : 'none';
  return `service ${name}: EndpointSlices without TCP port ${JSON.stringify(port)}: ${which}; their TCP ports: ${has}`;
}
