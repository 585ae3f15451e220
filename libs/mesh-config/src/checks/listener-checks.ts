import { endpointKey } from '@evenly/endpoints';
import type { ConfigPart } from '../config-part.ts';
import type { ConfigFault } from '../errors.ts';
import type { Listener, MeshConfig } from '../mesh-config.ts';
import { overlap } from './listener-overlap.ts';
import { checkedItems, positionOf, duplicateFaults, type CheckedItem } from './checked-item.ts';

export function listenerFaults(
  parts: readonly ConfigPart[],
  { services, routes }: MeshConfig,
): ConfigFault[] {
  const listeners = parts.flatMap((part) => checkedItems(part, part.config.listeners));
  const asked = new Set([...services.keys(), ...routes.map(({ match }) => match.authority)]);
  return [
    ...duplicateFaults(listeners, ({ name }) => name, 'the listener'),
    ...listeners.flatMap((one, index) => {
      const earlier = listeners.slice(0, index).find(({ item }) => overlap(item, one.item));
      return earlier ? [one.faultOf(overlapReason(one, earlier))] : [];
    }),
    // A gRPC client asks for a listener by the authority that it calls; it cannot use one with a port (gRFC A27).
    ...listeners
      .filter(({ item }) => asked.has(item.name))
      .map(({ item, faultOf }) =>
        faultOf(`has the name of a service or an authority, "${item.name}", which gRPC clients ask for`),
      ),
  ];
}

function overlapReason({ item }: CheckedItem<Listener>, earlier: CheckedItem<Listener>): string {
  return (
    `"${item.name}" on ${endpointKey(item)} listens where "${earlier.item.name}" on ${endpointKey(earlier.item)} does ` +
    `(${positionOf(earlier)}); give one of them another port or address`
  );
}
