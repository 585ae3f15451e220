import { isDeepStrictEqual } from 'node:util';

/**
 * The object as it was, if only what nobody translates has changed: a status that was written, a version. So our own
 * writing is not followed by translating.
 * @param controllerName whose entries in a status are told by, not what they say
 */
export function keptObject<T extends object>(
  before: T | undefined,
  now: T | undefined,
  controllerName: string,
): T | undefined {
  if (now === undefined) return undefined;
  const next = withoutOwnWords(now, controllerName);
  return before !== undefined && isDeepStrictEqual(before, next) ? before : next;
}

/** Entries of a status that several controllers write, as the readers of @evenly/gateway-api keep them. */
const sharedFields = ['writtenParents', 'writtenAncestors'];

/** Whether there are entries of ours is not asked for: who writes them looks himself. */
function withoutOwnWords<T extends object>(object: T, controllerName: string): T {
  const fields = object as Record<string, unknown>;
  const shared = sharedFields.find((field) => Array.isArray(fields[field]));
  if (shared === undefined) return object;
  const isOwn = (entry: unknown) =>
    typeof entry === 'object' &&
    entry !== null &&
    (entry as { controllerName?: unknown }).controllerName === controllerName;
  const others = (fields[shared] as unknown[]).filter((entry) => !isOwn(entry));
  return { ...object, [shared]: [...others, { controllerName }] };
}
