import type { CompiledRoute } from '../routes/compiled-route.ts';
import type { ParentReference } from '../objects/values.ts';
import { short } from '../objects/read.ts';
import { conditionOf, type Condition, type Refusal } from './condition.ts';
import type { RouteParentStatus, RouteStatus } from './object-status.ts';

/** A parent of ours, and why the route is not taken there. */
export interface ParentOutcome {
  ref: ParentReference;
  refusal: Refusal | undefined;
}

/** Without parents of ours it says nothing: then what we said before is to go. */
export function routeStatus(
  compiled: CompiledRoute,
  parents: readonly ParentOutcome[],
  controllerName: string,
): RouteStatus {
  const ours = parents.map(({ ref, refusal }): RouteParentStatus => ({
    parentRef: ref,
    controllerName,
    conditions: conditionsOf(compiled, refusal),
  }));
  return { parents: ours };
}

function conditionsOf(compiled: CompiledRoute, refusal: Refusal | undefined): Condition[] {
  const { object, unresolved, dropped } = compiled;
  const { generation } = object.meta;
  const conditions = [
    conditionOf('Accepted', refusal, generation),
    conditionOf('ResolvedRefs', unresolved, generation),
  ];
  if (refusal === undefined && dropped.length > 0) {
    const partly = conditionOf('PartiallyInvalid', undefined, generation, 'UnsupportedValue');
    conditions.push({ ...partly, message: short(`Dropped Rule: ${dropped.join('; ')}`) });
  }
  return conditions;
}
