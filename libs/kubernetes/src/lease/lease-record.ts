import type { ApiObject, KindName } from '../resource-kind.ts';

export const leaseKind: KindName = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
};

/** Who holds a lease, as the object says it. Fields that are no good count as absent: then nobody holds it. */
export interface LeaseRecord {
  /** Empty = nobody. */
  holder: string;
  durationMs: number;
  transitions: number;
  /** Changes with each renewal; whose clock it was by nobody needs to know. */
  renewTime: string;
}

export function recordOf({ spec }: ApiObject): LeaseRecord {
  const fields = (typeof spec === 'object' && spec !== null ? spec : {}) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const count = (value: unknown) =>
    Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : 0;
  return {
    holder: text(fields.holderIdentity),
    durationMs: count(fields.leaseDurationSeconds) * 1000,
    transitions: count(fields.leaseTransitions),
    renewTime: text(fields.renewTime),
  };
}
