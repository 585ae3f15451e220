import type { NodeMatcher } from '@evenly/proto/envoy/type/matcher/v3/node';
import type { StringMatcher } from '@evenly/proto/envoy/type/matcher/v3/string';

/** More is refused: each is tried on each client. */
const maxMatchers = 100;

/**
 * Whether a node id is wanted: by any of the matchers; without one, all are.
 * @throws RangeError a matcher that is not served. Regular expressions are not: the client's text would decide how long
 * this program is busy.
 */
export function nodeIdMatcher(matchers: readonly NodeMatcher[]): (nodeId: string) => boolean {
  if (matchers.length > maxMatchers) throw new RangeError(`at most ${maxMatchers} node_matchers are taken`);
  const tests = matchers.map(testOf);
  return (nodeId) => tests.length === 0 || tests.some((test) => test(nodeId));
}

function testOf({ nodeId, nodeMetadatas }: NodeMatcher): (nodeId: string) => boolean {
  if (nodeMetadatas.length > 0) throw new RangeError('node_matchers by metadata are not served; use node_id');
  return nodeId === undefined ? () => true : stringTest(nodeId);
}

function stringTest({ matchPattern, ignoreCase }: StringMatcher): (text: string) => boolean {
  const fold = (text: string) => (ignoreCase ? text.toLowerCase() : text);
  if (matchPattern === undefined) throw new RangeError('a node_matcher without a pattern');
  if (matchPattern.$case === 'safeRegex' || matchPattern.$case === 'custom') {
    throw new RangeError('node_matchers are served with exact, prefix, suffix and contains only');
  }
  const wanted = fold(matchPattern.value);
  switch (matchPattern.$case) {
    case 'exact':
      return (text) => fold(text) === wanted;
    case 'prefix':
      return (text) => fold(text).startsWith(wanted);
    case 'suffix':
      return (text) => fold(text).endsWith(wanted);
    case 'contains':
      return (text) => fold(text).includes(wanted);
  }
}
