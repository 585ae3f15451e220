import type { StoredObject } from './objects.ts';

/**
 * Reads a label selector of equalities: `a=b,c==d`. Sets (`a in (b)`) and negations are not served.
 * @returns undefined when it is none of that
 */
export function labelSelector(text: string): ((object: StoredObject) => boolean) | undefined {
  const terms = text.split(',').filter((term) => term !== '');
  const pairs = terms.map((term) => /^([-./\w]+)==?([-.\w]*)$/.exec(term));
  if (pairs.some((pair) => pair === null)) return undefined;
  return ({ metadata }) => pairs.every((pair) => metadata.labels?.[pair![1]!] === pair![2]);
}
