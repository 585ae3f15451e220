import type { ListenerSpec } from '../objects/listener.ts';
import { gatewayGroup } from '../objects/meta.ts';
import type { Refusal } from '../status/condition.ts';

export type RouteKind = 'GRPCRoute' | 'HTTPRoute';

/** What can be attached to a listener of a protocol; protocols that are not here are not supported. */
const kindsOfProtocol: ReadonlyMap<string, readonly RouteKind[]> = new Map([
  ['HTTP', ['HTTPRoute', 'GRPCRoute']],
  ['HTTPS', ['HTTPRoute', 'GRPCRoute']],
]);

export const isSupportedProtocol = (protocol: string) => kindsOfProtocol.has(protocol);

/** Those of the protocol that the listener allows; the refusal says which of those it names there are not. */
export function routeKindsOf({ protocol, allowedRoutes }: ListenerSpec): {
  kinds: readonly RouteKind[];
  refusal?: Refusal;
} {
  const possible = kindsOfProtocol.get(protocol) ?? [];
  const named = allowedRoutes.kinds;
  if (named.length === 0) return { kinds: possible };
  const kinds = possible.filter((kind) =>
    named.some((given) => given.group === gatewayGroup && given.kind === kind),
  );
  const unknown = named.filter(
    ({ group, kind }) => group !== gatewayGroup || !possible.some((one) => one === kind),
  );
  if (unknown.length === 0) return { kinds };
  const names = unknown.map(({ group, kind }) => (group === gatewayGroup ? kind : `${kind} (${group})`));
  const message = `a listener of protocol ${protocol} cannot have routes of kind ${names.join(', ')}`;
  return { kinds, refusal: { reason: 'InvalidRouteKinds', message } };
}
