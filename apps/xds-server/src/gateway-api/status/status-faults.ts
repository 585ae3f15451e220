import { gatewayGroup, type Condition, type ObjectStatus } from '@evenly/gateway-api';
import type { ObjectFault } from '../../events/fault-events.ts';

/**
 * What the statuses say that is wrong and that the owner of the object can mend. `Programmed` is not among it: that becomes
 * true by itself.
 */
export function faultsOf(statuses: Iterable<ObjectStatus>, controllerName: string): ObjectFault[] {
  const faults: ObjectFault[] = [];
  for (const one of statuses) {
    let known = knownFaults.get(one);
    if (known === undefined) knownFaults.set(one, (known = faultsOfOne(one, controllerName)));
    faults.push(...known);
  }
  return faults;
}

/** A status that is the same as before is the same object. */
const knownFaults = new WeakMap<ObjectStatus, readonly ObjectFault[]>();

function faultsOfOne({ object, status }: ObjectStatus, controllerName: string): ObjectFault[] {
  const byMessage = new Map<string, ObjectFault>();
  const add = (conditions: readonly Condition[], where = '') => {
    for (const { reason, message } of conditions.filter(isFault)) {
      const whole = where + (message || reason);
      byMessage.set(whole, { apiVersion: `${gatewayGroup}/v1`, meta: object, reason, message: whole });
    }
  };
  if ('conditions' in status) add(status.conditions);
  if ('listeners' in status)
    for (const { name, conditions } of status.listeners) add(conditions, `listener ${name}: `);
  const shared = 'parents' in status ? status.parents : 'ancestors' in status ? status.ancestors : [];
  for (const entry of shared)
    if ('conditions' in entry && entry.controllerName === controllerName) add(entry.conditions);
  return [...byMessage.values()];
}

/** The status that a condition has where something is wrong. */
const wrong: Readonly<Record<string, Condition['status']>> = {
  Accepted: 'False',
  ResolvedRefs: 'False',
  PartiallyInvalid: 'True',
};

const isFault = ({ type, status }: Condition) => wrong[type] === status;
