import type { PathMatch } from '@evenly/mesh-config';
import type { HttpMatch } from '../objects/http-route.ts';
import { checked, headerMatches, literally, UnsupportedRule, type RankedMatch } from './ranked-match.ts';

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
  if (queryParams.length > 0) throw new UnsupportedRule('query parameters cannot be matched');
  const kinds = { Exact: [2, 0], RegularExpression: [1, 0], PathPrefix: [0, path.value.length] };
  return {
    match: { path: pathOf(path), headers: conditions, ...(method ? { method } : {}) },
    rank: [...kinds[path.type], method ? 1 : 0, conditions.length],
  };
}

function pathOf({ type, value }: HttpMatch['path']): PathMatch {
  if (type === 'RegularExpression') return { kind: 'regex', value: checked(type, value) };
  if (!value.startsWith('/'))
    throw new UnsupportedRule(`path ${JSON.stringify(value)} does not begin with "/"`);
  if (type === 'Exact') return { kind: 'exact', value };
  // By whole segments: /a is a prefix of /a/b and not of /ab.
  const segments = value.replace(/\/+$/, '');
  if (segments === '') return { kind: 'prefix', value: '/' };
  return { kind: 'regex', value: `${literally(segments)}(?:/.*)?` };
}
