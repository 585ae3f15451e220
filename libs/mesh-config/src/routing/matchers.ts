import { regexMatcher } from '../regex.ts';
import type { PathMatch } from '../path-match.ts';
import type { HeaderMatch, QueryMatch, RouteMatch } from '../route.ts';

/** What of a request routes look at. */
export interface RoutedRequest {
  authority: string;
  /** With its query, if it has one. */
  path: string;
  method: string;
  /** Values of several fields with one name count as one, joined by ",". Undefined: it is not there. */
  header: (name: string) => string | undefined;
}

/** Worked out once for each request. */
export interface RequestFacts extends RoutedRequest {
  /** Without the query. */
  path: string;
  /** Without its "?". */
  query: string;
}

export type RequestTest = (request: RequestFacts) => boolean;

/** Of routes that are there again after a change. */
const known = new WeakMap<RouteMatch, readonly RequestTest[]>();

/** All that a route asks for but the authority, which its virtual host has settled. */
export function testsOf(match: RouteMatch): readonly RequestTest[] {
  const tests = known.get(match) ?? newTests(match);
  known.set(match, tests);
  return tests;
}

function newTests({ method, path, query = [], headers }: RouteMatch): readonly RequestTest[] {
  const tests: RequestTest[] = [];
  if (method !== undefined) tests.push((request) => request.method === method);
  if (path.kind !== 'prefix' || path.value !== '') {
    const test = textTest(path);
    tests.push((request) => test(request.path));
  }
  return [...tests, ...headers.map(headerTest), ...(query.length === 0 ? [] : [queryTest(query)])];
}

/** Compiled once: a regular expression must not be read again for every call. */
function textTest({ kind, value }: PathMatch | QueryMatch): (text: string) => boolean {
  switch (kind) {
    case 'exact':
      return (text) => text === value;
    case 'prefix':
      return (text) => text.startsWith(value);
    case 'segments':
      return (text) => text.startsWith(value) && (text.length === value.length || text[value.length] === '/');
    case 'regex':
      return regexMatcher(value);
  }
}

function queryTest(matches: readonly QueryMatch[]): RequestTest {
  const tests = matches.map((match) => ({ name: match.name, test: textTest(match) }));
  return ({ query }) => {
    const parameters = new URLSearchParams(query);
    return tests.every(({ name, test }) => {
      const value = parameters.get(name);
      return value !== null && test(value);
    });
  };
}

/** A header that is not there fulfils nothing but `present` inverted. */
function headerTest(match: HeaderMatch): RequestTest {
  const { name } = match;
  const test = valueTest(match);
  return ({ header }) => test(header(name));
}

/** @param value undefined: the header is not there */
export const headerHolds = (match: HeaderMatch, value: string | undefined): boolean =>
  valueTest(match)(value);

function valueTest(match: HeaderMatch): (value: string | undefined) => boolean {
  const { invert } = match;
  if (match.kind === 'present') return (value) => (value !== undefined) !== invert;
  const test = textTest(match);
  return (value) => value !== undefined && test(value) !== invert;
}
