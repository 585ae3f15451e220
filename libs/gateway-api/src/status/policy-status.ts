import { gatewayGroup, type Meta } from '../objects/meta.ts';
import type { BackendTlsPolicies, PolicyOutcome } from '../services/backend-tls.ts';
import { conditionOf } from './condition.ts';
import type { PolicyStatus } from './object-status.ts';

/** More than this the API does not take. */
const maxAncestors = 16;

/**
 * @param gateways by whose routes the policy's Services are called
 * @returns undefined: it is none of our business, nor was it before
 */
export function policyStatus(
  { policy, refused, unresolved }: PolicyOutcome,
  policies: BackendTlsPolicies,
  gateways: readonly Meta[],
  controllerName: string,
): PolicyStatus | undefined {
  const { writtenAncestors: written, meta } = policy;
  const others = written.filter((entry): entry is object => !isOf(entry, controllerName));
  if (gateways.length === 0 && others.length === written.length) return undefined;
  const conditions = [
    conditionOf('Accepted', policies.conflictOf(policy) ?? refused, meta.generation),
    conditionOf('ResolvedRefs', unresolved, meta.generation),
  ];
  const ours = gateways.map(({ namespace, name }) => ({
    ancestorRef: { group: gatewayGroup, kind: 'Gateway', namespace, name },
    controllerName,
    conditions,
  }));
  return { ancestors: [...others, ...ours].slice(0, maxAncestors) };
}

export const isOf = (entry: unknown, controllerName: string) =>
  typeof entry !== 'object' ||
  entry === null ||
  !('controllerName' in entry) ||
  entry.controllerName === controllerName;
