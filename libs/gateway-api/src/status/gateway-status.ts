import type { MergedListener, MergedListeners } from '../listeners/merged-listeners.ts';
import { isServed } from '../listeners/merged-listeners.ts';
import type { Gateway } from '../objects/gateway.ts';
import type { ListenerSet } from '../objects/listener-set.ts';
import type { GatewayFacts } from '../state.ts';
import { conditionOf, type Refusal } from './condition.ts';
import { listenerStatus } from './listener-status.ts';
import type { GatewayStatus } from './object-status.ts';

/** Why a Gateway is not taken at all, whatever its listeners are. */
export function gatewayRefusal(gateway: Gateway): Refusal | undefined {
  const { fault, infrastructure, addresses, unsupported } = gateway;
  if (fault !== undefined) return { reason: 'Invalid', message: fault };
  if (unsupported.length > 0)
    return { reason: 'Invalid', message: `spec.${unsupported.join(', spec.')}: not supported` };
  if (infrastructure.parametersRef !== undefined) {
    const { kind, name } = infrastructure.parametersRef;
    return { reason: 'InvalidParameters', message: `no parameters are known, neither ${kind} ${name}` };
  }
  const unknown = addresses.find(({ type }) => type !== 'IPAddress');
  if (unknown === undefined) return undefined;
  const message = `addresses of type ${unknown.type} cannot be asked for; of type IPAddress they can`;
  return { reason: 'UnsupportedAddress', message };
}

export interface GatewayOutcome {
  gateway: Gateway;
  /** All that name it as their parent. */
  sets: readonly ListenerSet[];
  merged: MergedListeners;
  facts: GatewayFacts | undefined;
  attachedTo: (listener: MergedListener) => number;
}

/** Why no listener of the Gateway is served. */
export function notAccepted({ gateway, merged }: GatewayOutcome): Refusal | undefined {
  const refusal = gatewayRefusal(gateway);
  if (refusal !== undefined) return refusal;
  const taken = merged.listeners.some(({ refused }) => refused === undefined);
  return taken ? undefined : { reason: 'ListenersNotValid', message: describeRefused(merged.listeners) };
}

export function notProgrammed(outcome: GatewayOutcome): Refusal | undefined {
  const { gateway, merged, facts } = outcome;
  const refusal = notAccepted(outcome);
  if (refusal !== undefined) return { reason: 'Invalid', message: refusal.message };
  if (!merged.listeners.some(isServed)) return { reason: 'Invalid', message: 'no listener can be served' };
  const given = new Set(facts?.addresses.map(({ value }) => value));
  const missing = gateway.addresses.filter(({ value }) => value !== '' && !given.has(value));
  if (missing.length > 0) {
    const message = `its Service does not have the address ${missing.map(({ value }) => value).join(', ')}`;
    return { reason: 'AddressNotUsable', message };
  }
  if (given.size === 0) return { reason: 'AddressNotAssigned', message: 'its Service has no address yet' };
  return facts?.available ? undefined : { reason: 'Pending', message: 'no proxy of it is ready yet' };
}

export function gatewayStatus(outcome: GatewayOutcome, acceptedSets: number): GatewayStatus {
  const { gateway, merged, facts, attachedTo } = outcome;
  const { generation } = gateway.meta;
  const refusal = notAccepted(outcome);
  const unprogrammed = notProgrammed(outcome);
  const own = merged.byOwner.get(gateway.meta) ?? [];
  const asked = new Set(gateway.addresses.map(({ value }) => value).filter((value) => value !== ''));
  return {
    conditions: [
      acceptedCondition(refusal, own, generation),
      conditionOf('Programmed', unprogrammed, generation),
    ],
    listeners: own.map((one) => listenerStatus(one, attachedTo(one), unprogrammed && pending(unprogrammed))),
    addresses: (facts?.addresses ?? []).filter(({ value }) => asked.size === 0 || asked.has(value)),
    attachedListenerSets: acceptedSets,
  };
}

/** A Gateway or a ListenerSet is taken even when only some of its listeners are; the reason says so then. */
export function acceptedCondition(
  refusal: Refusal | undefined,
  listeners: readonly MergedListener[],
  generation: number,
) {
  if (refusal !== undefined || listeners.every(({ refused }) => refused === undefined))
    return conditionOf('Accepted', refusal, generation);
  const partly = conditionOf('Accepted', undefined, generation, 'ListenersNotValid');
  return { ...partly, message: describeRefused(listeners) };
}

/** Of a listener that waits for its Gateway the API knows two reasons. */
export const pending = ({ reason, message }: Refusal): Refusal => ({
  reason: reason === 'Invalid' ? 'Invalid' : 'Pending',
  message,
});

export function describeRefused(listeners: readonly MergedListener[]): string {
  const faults = listeners.flatMap(({ spec, refused, unresolved }) => {
    const why = refused ?? unresolved;
    return why === undefined ? [] : [`listener ${spec.name}: ${why.message}`];
  });
  return faults.length === 0 ? 'there are no listeners' : faults.join('; ');
}
