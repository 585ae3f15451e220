import { keyOf } from '../objects/meta.ts';
import type { Grants, Referrer } from './grants.ts';

/** Why a reference leads nowhere. Each place has its own word for the last two. */
export type UnresolvedReason = 'RefNotPermitted' | 'InvalidKind' | 'NotFound';

export type Resolved<T> = { object: T } | { reason: UnresolvedReason; message: string };

export interface GivenReference {
  group: string;
  kind: string;
  namespace?: string;
  name: string;
}

/** What may be referred to at a place. */
export interface Referable<T> {
  group: string;
  kind: string;
  /** By `ns/name`. */
  objects: Pick<ReadonlyMap<string, T>, 'get'>;
}

/**
 * The one place where a reference of one object to another is followed. Whether it is allowed is asked before whether the
 * object is there, so that nobody learns what is in a namespace that does not let them in.
 */
export function resolve<T>(
  from: Referrer,
  reference: GivenReference,
  wanted: Referable<T>,
  grants: Grants,
): Resolved<T> {
  const { group, kind, name } = reference;
  const target = { group, kind, name, namespace: reference.namespace ?? from.namespace };
  const what = `${kind} ${keyOf(target)}`;
  if (group !== wanted.group || kind !== wanted.kind) {
    const qualified = group === '' ? kind : `${kind} (${group})`;
    return {
      reason: 'InvalidKind',
      message: `${qualified} is no kind that can be referred to here, ${wanted.kind} is`,
    };
  }
  if (!grants.permit(from, target)) {
    const message = `no ReferenceGrant in namespace ${target.namespace} lets a ${from.kind} of namespace ${from.namespace} refer to ${what}`;
    return { reason: 'RefNotPermitted', message };
  }
  const object = wanted.objects.get(keyOf(target));
  return object === undefined ? { reason: 'NotFound', message: `there is no ${what}` } : { object };
}
