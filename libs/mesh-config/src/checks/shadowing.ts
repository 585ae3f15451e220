import { regexMatches } from '../regex.ts';
import type { HeaderMatch, PathMatch, Route, RouteMatch } from '../route.ts';

/**
 * Finds routes that can never match, because one route before them takes every call that they would. What cannot be
 * told is not said: two regular expressions are compared as texts only, and several routes that take all calls together
 * are not looked for.
 * @returns indexes into `routes`: the one that never matches, and the first that takes its calls
 */
export function findShadowing(routes: readonly Route[]): { route: number; by: number }[] {
  return routes.flatMap(({ match }, route) => {
    const by = routes.slice(0, route).findIndex((earlier) => covers(earlier.match, match));
    return by < 0 ? [] : [{ route, by }];
  });
}

/** Whether all that `b` matches is matched by `a`. */
function covers(a: RouteMatch, b: RouteMatch): boolean {
  return (
    coversAuthority(a.authority, b.authority) &&
    (a.method === undefined || a.method === b.method) &&
    a.headers.every((condition) => b.headers.some((given) => follows(condition, given))) &&
    coversPath(a.path, b.path)
  );
}

function coversAuthority(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || a === b) return true;
  return b !== undefined && !hasPort(a) && b.replace(/:\d+$/, '') === a;
}

const hasPort = (authority: string) => /:\d+$/.test(authority);

function coversPath(a: PathMatch, b: PathMatch): boolean {
  if (a.kind === 'prefix' && (a.value === '' || a.value === '/')) return true; // a path always begins with "/"
  if (a.kind === b.kind && a.value === b.value) return true;
  if (b.kind === 'exact') return a.kind !== 'exact' && holds(a, b.value);
  return a.kind === 'prefix' && b.kind === 'prefix' && b.value.startsWith(a.value);
}

/** Whether a header condition holds for sure where another does. */
function follows(condition: HeaderMatch, given: HeaderMatch): boolean {
  if (condition.name !== given.name) return false;
  const { kind, invert } = condition;
  // Any condition that holds needs the header to be there, but for `present` inverted.
  if (kind === 'present') return given.kind === 'present' ? invert === given.invert : !invert;
  if (given.kind === 'present') return false;
  if (kind === given.kind && invert === given.invert && condition.value === given.value) return true;
  if (given.invert) return false;
  if (given.kind === 'exact') return holds(condition, given.value) !== invert;
  return !invert && kind === 'prefix' && given.kind === 'prefix' && given.value.startsWith(condition.value);
}

function holds({ kind, value }: Pick<PathMatch, 'kind' | 'value'>, text: string): boolean {
  if (kind === 'exact') return text === value;
  return kind === 'prefix' ? text.startsWith(value) : regexMatches(value, text);
}
