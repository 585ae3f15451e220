import { gatewayGroup, type Meta } from '../objects/meta.ts';
import type { BackendTlsPolicies, PolicyOutcome } from '../services/backend-tls.ts';
import { conditionOf } from './condition.ts';
import type { PolicyStatus } from './object-status.ts';

/** @param gateways by whose routes the policy's Services are called; none: then what we said before is to go */
export function policyStatus(
  { policy, refused, unresolved }: PolicyOutcome,
  policies: BackendTlsPolicies,
  gateways: readonly Meta[],
  controllerName: string,
): PolicyStatus {
  const { meta } = policy;
  const conditions = [
    conditionOf('Accepted', policies.conflictOf(policy) ?? refused, meta.generation),
    conditionOf('ResolvedRefs', unresolved, meta.generation),
  ];
  const ancestors = gateways.map(({ namespace, name }) => ({
    ancestorRef: { group: gatewayGroup, kind: 'Gateway', namespace, name },
    controllerName,
    conditions,
  }));
  return { ancestors };
}
