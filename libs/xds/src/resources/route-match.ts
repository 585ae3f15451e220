import {
  regexFault,
  type HeaderCondition,
  type HeaderMatch,
  type PathMatch,
  type RouteMatch as MeshRouteMatch,
} from '@evenly/mesh-config';
import { HeaderMatcher, RouteMatch } from '@evenly/proto/envoy/config/route/v3/route_components';
import type { RegexMatcher } from '@evenly/proto/envoy/type/matcher/v3/regex';
import { StringMatcher } from '@evenly/proto/envoy/type/matcher/v3/string';
import { message } from './message.ts';

/** The conditions of a route but its authority, which is its virtual host's business. */
export function routeMatch({ path, method, query = [], headers }: MeshRouteMatch): RouteMatch {
  const methodHeader: HeaderMatch[] =
    method === undefined ? [] : [{ name: ':method', kind: 'exact', value: method, invert: false }];
  return message(RouteMatch, {
    pathSpecifier: pathSpecifier(path),
    headers: [...methodHeader, ...headers].flatMap(headerMatchers),
    queryParameters: query.map(({ name, ...condition }) => ({
      name,
      queryParameterMatchSpecifier: { $case: 'stringMatch', value: stringMatcher(condition) },
    })),
  });
}

function pathSpecifier({ kind, value }: PathMatch): NonNullable<RouteMatch['pathSpecifier']> {
  switch (kind) {
    case 'exact':
      return { $case: 'path', value };
    case 'prefix':
      return { $case: 'prefix', value };
    case 'segments':
      return { $case: 'pathSeparatedPrefix', value };
    case 'regex':
      return { $case: 'safeRegex', value: regexMatcher(value) };
  }
}

/**
 * Where it is absent no condition holds but that it be absent. Node's clients (grpc-js-xds 1.14) take an inverted one for
 * fulfilled then, so it is said in two.
 */
function headerMatchers(match: HeaderMatch): HeaderMatcher[] {
  const { name, kind, invert } = match;
  if (!invert || kind === 'present') return [headerMatcher(match)];
  return [headerMatcher({ name, kind: 'present', invert: false }), headerMatcher(match)];
}

function headerMatcher(match: HeaderMatch): HeaderMatcher {
  const common = { name: match.name, invertMatch: match.invert };
  if (match.kind === 'present') {
    return message(HeaderMatcher, {
      ...common,
      headerMatchSpecifier: { $case: 'presentMatch', value: true },
    });
  }
  const value = stringMatcher(match);
  return message(HeaderMatcher, { ...common, headerMatchSpecifier: { $case: 'stringMatch', value } });
}

function stringMatcher({ kind, value }: Exclude<HeaderCondition, { kind: 'present' }>): StringMatcher {
  const matchPattern =
    kind === 'regex' ? { $case: 'safeRegex' as const, value: regexMatcher(value) } : { $case: kind, value };
  return message(StringMatcher, { matchPattern });
}

/**
 * Without a size of its own Envoy refuses a regex whose program is larger than 100, and all routes with it. The field is
 * deprecated, and the only way by xDS; how long a regex may be is the config's business.
 */
const maxProgramSize = 0xffff_ffff;

export const regexMatcher = (regex: string): RegexMatcher => ({
  regex: grouped(regex),
  engineType: { $case: 'googleRe2', value: { maxProgramSize } },
});

/** Node's clients (grpc-js-xds 1.14) put `^` and `$` around it as it is: of `blue|green` each would bind half. */
function grouped(regex: string): string {
  if (!/[|]|\\Q/.test(regex)) return regex;
  const group = `(?:${regex})`;
  // What is quoted by \Q up to the end takes the bracket for a part of it.
  return regexFault(group) === undefined ? group : `(?:${regex}\\E)`;
}
