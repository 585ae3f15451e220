import { isDeepStrictEqual } from 'node:util';
import { regexMatcher } from '../regex.ts';
import type { PathMatch } from '../path-match.ts';
import type { HeaderMatch, Route, RouteMatch } from '../route.ts';
import { authorityCovers } from '../routing/authority-patterns.ts';

/**
 * Finds routes that can never match, because one route before them takes every call that they would. What cannot be
 * told is not said: two regular expressions are compared as texts only, and several routes that take all calls together
 * are not looked for.
 * @returns indexes into `routes`: the one that never matches, and the first that takes its calls
 */
export function findShadowing(routes: readonly Route[]): { route: number; by: number }[] {
  const matches = regexes();
  return routes.flatMap(({ match }, route) => {
    const by = routes.slice(0, route).findIndex((earlier) => covers(earlier.match, match, matches));
    return by < 0 ? [] : [{ route, by }];
  });
}

type Matches = (pattern: string, text: string) => boolean;

/** Each pattern is compiled once, however many routes it is compared with: that is the slow part by far. */
function regexes(): Matches {
  const matchers = new Map<string, (text: string) => boolean>();
  return (pattern, text) => {
    const matcher = matchers.get(pattern) ?? regexMatcher(pattern);
    matchers.set(pattern, matcher);
    return matcher(text);
  };
}

/** Whether all that `b` matches is matched by `a`. */
function covers(a: RouteMatch, b: RouteMatch, matches: Matches): boolean {
  return (
    authorityCovers(a.authority, b.authority) &&
    (a.method === undefined || a.method === b.method) &&
    (a.query ?? []).every((condition) =>
      (b.query ?? []).some((given) => isDeepStrictEqual(condition, given)),
    ) &&
    a.headers.every((condition) => b.headers.some((given) => follows(condition, given, matches))) &&
    coversPath(a.path, b.path, matches)
  );
}

function coversPath(a: PathMatch, b: PathMatch, matches: Matches): boolean {
  if (a.kind === 'prefix' && (a.value === '' || a.value === '/')) return true; // a path always begins with "/"
  if (a.kind === b.kind && a.value === b.value) return true;
  if (b.kind === 'exact') return holds(a, b.value, matches);
  if (b.kind === 'regex') return false;
  if (a.kind === 'prefix') return b.value.startsWith(a.value);
  return a.kind === 'segments' && b.value.startsWith(`${a.value}/`);
}

/** Whether a header condition holds for sure where another does. */
function follows(condition: HeaderMatch, given: HeaderMatch, matches: Matches): boolean {
  if (condition.name !== given.name) return false;
  // Whatever holds needs the header to be there, except `present` inverted.
  if (condition.kind === 'present')
    return given.kind === 'present' ? condition.invert === given.invert : !condition.invert;
  if (given.kind === 'present') return false;
  const { kind, value, invert } = condition;
  if (kind === given.kind && value === given.value) return invert === given.invert;
  if (given.invert) return false;
  if (given.kind === 'exact') return holds(condition, given.value, matches) !== invert;
  return !invert && kind === 'prefix' && given.kind === 'prefix' && given.value.startsWith(value);
}

function holds({ kind, value }: Pick<PathMatch, 'kind' | 'value'>, text: string, matches: Matches): boolean {
  if (kind === 'exact') return text === value;
  if (kind === 'segments') return text === value || text.startsWith(`${value}/`);
  return kind === 'prefix' ? text.startsWith(value) : matches(value, text);
}
