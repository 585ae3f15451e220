import type { ConfigPart } from '../config-part.ts';
import type { ConfigFault } from '../errors.ts';
import type { Listener, MeshConfig } from '../mesh-config.ts';
import { placed, placeOf, twiceFaults } from './placed.ts';

export function listenerFaults(
  parts: readonly ConfigPart[],
  { services, routes }: MeshConfig,
): ConfigFault[] {
  const listeners = parts.flatMap((part) => placed(part, part.config.listeners));
  const asked = new Set([...services.keys(), ...routes.map(({ match }) => match.authority)]);
  return [
    ...twiceFaults(listeners, ({ name }) => name, 'the listener'),
    ...listeners.flatMap((one, index) => {
      const earlier = listeners.slice(0, index).find(({ item }) => overlap(item, one.item));
      return earlier ? [one.faultOf(`listens where ${placeOf(earlier)} does`)] : [];
    }),
    // A gRPC client asks for a listener by the authority that it calls; it cannot use one with a port (gRFC A27).
    ...listeners
      .filter(({ item }) => asked.has(item.name))
      .map(({ item, faultOf }) =>
        faultOf(`has the name of a service or an authority, "${item.name}", which gRPC clients ask for`),
      ),
  ];
}

const isAll = (address: string) => address === '0.0.0.0' || address === '::';

/** On Linux `::` takes IPv4 too, so either of the two takes a port from all addresses. */
function overlap(a: Listener, b: Listener): boolean {
  return (
    a.port === b.port && a.port !== 0 && (a.address === b.address || isAll(a.address) || isAll(b.address))
  );
}
