import { isServed } from '../listeners/merged-listeners.ts';
import type { ListenerSet } from '../objects/listener-set.ts';
import { conditionOf, type Refusal } from './condition.ts';
import { acceptedCondition, describeRefused, notAccepted, notProgrammed, pending } from './gateway-status.ts';
import type { GatewayOutcome } from './gateway-status.ts';
import { listenerStatus } from './listener-status.ts';
import type { ListenerSetStatus } from './object-status.ts';

/** Why none of a set's listeners is taken; `outcome` is of the Gateway that it belongs to. */
export function setRefusal(set: ListenerSet, outcome: GatewayOutcome): Refusal | undefined {
  if (set.fault !== undefined) return { reason: 'ListenersNotValid', message: set.fault };
  const own = outcome.merged.byOwner.get(set.meta);
  if (own === undefined)
    return { reason: 'NotAllowed', message: 'the Gateway allows no ListenerSets of this namespace' };
  const parent = notAccepted(outcome);
  if (parent !== undefined && parent.reason !== 'ListenersNotValid')
    return { reason: 'ParentNotAccepted', message: parent.message };
  // Unlike a Gateway, a set of which nothing can be served is not taken, be it for a certificate that it may not have.
  return own.some(isServed) ? undefined : { reason: 'ListenersNotValid', message: describeRefused(own) };
}

export function listenerSetStatus(set: ListenerSet, outcome: GatewayOutcome): ListenerSetStatus {
  const { generation } = set.meta;
  const own = outcome.merged.byOwner.get(set.meta) ?? [];
  const refusal = setRefusal(set, outcome);
  const gateway = notProgrammed(outcome);
  const unserved = own.some(isServed)
    ? undefined
    : { reason: 'Invalid', message: 'no listener can be served' };
  const waiting = unserved ?? (gateway && pending(gateway));
  return {
    conditions: [
      acceptedCondition(refusal, own, generation),
      conditionOf('Programmed', refusal ?? waiting, generation),
    ],
    listeners: own.map((one) => listenerStatus(one, outcome.attachedTo(one), gateway && pending(gateway))),
  };
}
