import type { PathMatch, QueryMatch } from '@evenly/mesh-config';
import type { HttpMatch, QueryCondition } from '../objects/http-route.ts';
import { checked, headerMatches, UnsupportedRule, type RankedMatch } from './ranked-match.ts';

/** @throws UnsupportedRule */
export function httpMatches(matches: readonly HttpMatch[]): RankedMatch[] {
  const any = { path: { type: 'PathPrefix' as const, value: '/' }, headers: [], queryParams: [] };
  return (matches.length === 0 ? [any] : matches).map(httpMatch);
}

/**
 * By the API: exact paths, then the longest prefix, then a method, then more headers, then more query parameters. It
 * leaves regular expressions to us: they come after exact paths, or a rule for all paths would hide them.
 */
function httpMatch({ path, method, headers, queryParams }: HttpMatch): RankedMatch {
  const conditions = headerMatches(headers);
  const query = queryMatches(queryParams);
  const kinds = { Exact: [2, 0], RegularExpression: [1, 0], PathPrefix: [0, path.value.length] };
  return {
    match: {
      path: pathOf(path),
      headers: conditions,
      ...(method ? { method } : {}),
      ...(query.length > 0 ? { query } : {}),
    },
    rank: [...kinds[path.type], method ? 1 : 0, conditions.length, query.length],
  };
}

/** Of several conditions on one parameter only the first counts, says the API. */
function queryMatches(conditions: readonly QueryCondition[]): QueryMatch[] {
  const first = new Map<string, QueryMatch>();
  for (const { type, name, value } of conditions)
    if (!first.has(name))
      first.set(name, { name, kind: type === 'Exact' ? 'exact' : 'regex', value: checked(type, value) });
  return [...first.values()];
}

function pathOf({ type, value }: HttpMatch['path']): PathMatch {
  if (type === 'RegularExpression') return { kind: 'regex', value: checked(type, value) };
  if (!value.startsWith('/'))
    throw new UnsupportedRule(`path ${JSON.stringify(value)} does not begin with "/"`);
  if (type === 'Exact') return { kind: 'exact', value };
  // By whole segments: /a is a prefix of /a/b and not of /ab.
  const segments = value.replace(/\/+$/, '');
  if (segments === '') return { kind: 'prefix', value: '' };
  return { kind: 'segments', value: segments };
}
