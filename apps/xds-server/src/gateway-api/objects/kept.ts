import { isDeepStrictEqual } from 'node:util';
import type { Meta } from '@evenly/gateway-api';
import type { ApiObject } from '@evenly/kubernetes';

/**
 * What was read of an object before, if only what nobody translates has changed since: a status that was written, a version. So
 * our own writing is not followed by translating.
 */
export function kept<T extends { meta: Meta }>(
  before: T | undefined,
  object: ApiObject,
  read: (object: ApiObject) => T | undefined,
): T | undefined {
  const now = read(object);
  return before !== undefined && isDeepStrictEqual(before, now) ? before : now;
}

/**
 * The same for kinds that are defined by CRDs, of which nothing in `metadata` is looked at that can change: the API server counts
 * all changes but those of metadata and status, so what is of the same generation need not even be read. Each of hundreds of
 * statuses that we write comes back as a change of the whole object.
 */
export function keptGeneration<T extends { meta: Meta }>(
  before: T | undefined,
  object: ApiObject,
  read: (object: ApiObject) => T | undefined,
): T | undefined {
  const { uid, generation } = object.metadata;
  const isSame = before !== undefined && before.meta.uid === uid && before.meta.generation === generation;
  return isSame && before.meta.generation > 0 ? before : read(object);
}
