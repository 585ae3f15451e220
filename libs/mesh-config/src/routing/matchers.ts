import { regexMatcher } from '../regex.ts';
import type { HeaderMatch, PathMatch, RouteMatch } from '../route.ts';

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
}

export type RequestTest = (request: RequestFacts) => boolean;

/** All that a route asks for but the authority, which its virtual host has settled. */
export function testsOf({ method, path, headers }: RouteMatch): readonly RequestTest[] {
  const tests: RequestTest[] = [];
  if (method !== undefined) tests.push((request) => request.method === method);
  if (path.kind !== 'prefix' || path.value !== '') {
    const test = textTest(path);
    tests.push((request) => test(request.path));
  }
  return [...tests, ...headers.map(headerTest)];
}

/** Compiled once: a regular expression must not be read again for every call. */
function textTest({ kind, value }: PathMatch): (text: string) => boolean {
  switch (kind) {
    case 'exact':
      return (text) => text === value;
    case 'prefix':
      return (text) => text.startsWith(value);
    case 'regex':
      return regexMatcher(value);
  }
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
