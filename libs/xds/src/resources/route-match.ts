import type { HeaderMatch, PathMatch, RouteMatch as MeshRouteMatch } from '@evenly/mesh-config';
import { HeaderMatcher, RouteMatch } from '@evenly/proto/envoy/config/route/v3/route_components';
import type { RegexMatcher } from '@evenly/proto/envoy/type/matcher/v3/regex';
import { StringMatcher } from '@evenly/proto/envoy/type/matcher/v3/string';
import { message } from './message.ts';

/** The conditions of a route but its authority, which is its virtual host's business. */
export function routeMatch({ path, method, headers }: MeshRouteMatch): RouteMatch {
  const methodHeader: HeaderMatch[] =
    method === undefined ? [] : [{ name: ':method', kind: 'exact', value: method, invert: false }];
  return message(RouteMatch, {
    pathSpecifier: pathSpecifier(path),
    headers: [...methodHeader, ...headers].map(headerMatcher),
  });
}

function pathSpecifier({ kind, value }: PathMatch): NonNullable<RouteMatch['pathSpecifier']> {
  switch (kind) {
    case 'exact':
      return { $case: 'path', value };
    case 'prefix':
      return { $case: 'prefix', value };
    case 'regex':
      return { $case: 'safeRegex', value: regexMatcher(value) };
  }
}

function headerMatcher(match: HeaderMatch): HeaderMatcher {
  const common = { name: match.name, invertMatch: match.invert };
  if (match.kind === 'present') {
    return message(HeaderMatcher, {
      ...common,
      headerMatchSpecifier: { $case: 'presentMatch', value: true },
    });
  }
  const matchPattern =
    match.kind === 'regex'
      ? { $case: 'safeRegex' as const, value: regexMatcher(match.value) }
      : { $case: match.kind, value: match.value };
  const value = message(StringMatcher, { matchPattern });
  return message(HeaderMatcher, { ...common, headerMatchSpecifier: { $case: 'stringMatch', value } });
}

const regexMatcher = (regex: string): RegexMatcher => ({
  regex,
  engineType: { $case: 'googleRe2', value: {} },
});
