import { isServed, type MergedListener } from '../listeners/merged-listeners.ts';
import { gatewayGroup } from '../objects/meta.ts';
import { conditionOf, type Refusal } from './condition.ts';
import type { ListenerStatus } from './object-status.ts';

/** @param notProgrammed why no listener of the Gateway is served yet */
export function listenerStatus(
  listener: MergedListener,
  attachedRoutes: number,
  notProgrammed: Refusal | undefined,
): ListenerStatus {
  const { spec, owner, kinds, conflict, refused, unresolved } = listener;
  const { generation } = owner;
  const own = isServed(listener)
    ? undefined
    : (refused ?? { reason: 'Invalid', message: unresolved!.message });
  return {
    name: spec.name,
    supportedKinds: kinds.map((kind) => ({ group: gatewayGroup, kind })),
    attachedRoutes,
    conditions: [
      conditionOf('Accepted', refused, generation),
      conditionOf('Programmed', programmed(own, conflict) ?? notProgrammed, generation),
      conditionOf('ResolvedRefs', unresolved, generation),
      conflict === undefined
        ? conditionOf('Conflicted', { reason: 'NoConflicts', message: '' }, generation)
        : { ...conditionOf('Conflicted', undefined, generation, conflict.reason), message: conflict.message },
    ],
  };
}

/** Of a listener that is not taken only a conflict is a reason for this condition too, says the API. */
function programmed(own: Refusal | undefined, conflict: Refusal | undefined): Refusal | undefined {
  return own === undefined || conflict !== undefined ? own : { reason: 'Invalid', message: own.message };
}
