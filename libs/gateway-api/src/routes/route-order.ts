import type { Route } from '@evenly/mesh-config';
import { byAge } from '../objects/meta.ts';
import type { CompiledRoute } from './compiled-route.ts';
import { compareRanks } from './ranked-match.ts';

/**
 * The routes of all matches, the first that wins first: by the match, then by age. The sort is stable: what is equal keeps
 * its order, which is that of the object.
 */
export function inOrder(attachments: readonly { route: CompiledRoute }[]): Route[] {
  const objects = new Set(attachments.map(({ route }) => route));
  const entries = [...objects].flatMap(({ entries, object }) =>
    entries.map((entry) => ({ entry, meta: object.meta })),
  );
  entries.sort((one, other) => {
    const byRank = compareRanks(one.entry.rank, other.entry.rank);
    return byRank !== 0 ? byRank : byAge(one.meta, other.meta);
  });
  return entries.map(({ entry }) => entry.route);
}
