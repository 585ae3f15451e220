import {
  regexFault,
  type HeaderCondition,
  type HeaderMatch,
  type PathMatch,
  type QueryMatch,
  type RouteMatch,
} from '@evenly/mesh-config';
import type {
  HeaderMatcher,
  QueryParameterMatcher,
  RouteMatch as XdsRouteMatch,
} from '@evenly/proto/envoy/config/route/v3/route_components';
import type { StringMatcher } from '@evenly/proto/envoy/type/matcher/v3/string';
import { Refusal, refuseIf } from '../refusal.ts';

/** The conditions of a route but its authority. @throws Refusal */
export function parseMatch(match: XdsRouteMatch | undefined): Omit<RouteMatch, 'authority'> {
  if (match === undefined) throw new Refusal('a route has no match');
  refuseIf(match.caseSensitive === false, 'case_sensitive: false is not supported');
  refuseIf(match.runtimeFraction !== undefined, 'runtime_fraction is not supported');
  refuseIf(match.dynamicMetadata.length > 0 || match.filterState.length > 0, 'metadata is not matched');
  refuseIf(
    match.grpc !== undefined || match.tlsContext !== undefined,
    'grpc and tls_context are not matched',
  );
  const headers = match.headers.map(headerMatch);
  const method = headers.find(
    (one): one is HeaderMatch & { kind: 'exact' } =>
      one.name === ':method' && one.kind === 'exact' && !one.invert,
  );
  const others = headers.filter((one) => one !== method);
  refuseIf(
    others.some(({ name }) => name.startsWith(':')),
    'of pseudo headers only :method is matched, exactly',
  );
  return {
    path: pathMatch(match.pathSpecifier),
    headers: others,
    ...(match.queryParameters.length === 0 ? {} : { query: match.queryParameters.map(queryMatch) }),
    ...(method === undefined ? {} : { method: method.value }),
  };
}

function pathMatch(specifier: XdsRouteMatch['pathSpecifier']): PathMatch {
  switch (specifier?.$case) {
    case 'prefix':
      // Every path begins with "/", so this is any, and the model's word for any is "".
      return { kind: 'prefix', value: specifier.value === '/' ? '' : specifier.value };
    case 'path':
      return { kind: 'exact', value: specifier.value };
    case 'pathSeparatedPrefix':
      return { kind: 'segments', value: segmentsOf(specifier.value) };
    case 'safeRegex':
      return { kind: 'regex', value: regexOf(specifier.value.regex) };
    default:
      throw new Refusal(
        `a path is matched by prefix, path, path_separated_prefix or safe_regex, not by ${specifier?.$case ?? 'nothing'}`,
      );
  }
}

function segmentsOf(value: string): string {
  refuseIf(!/^(\/[^/?#]+)+$/.test(value), `the path_separated_prefix ${JSON.stringify(value)} is no path`);
  return value;
}

function queryMatch({ name, queryParameterMatchSpecifier: specifier }: QueryParameterMatcher): QueryMatch {
  const what = `query parameter ${name}`;
  if (specifier?.$case !== 'stringMatch') {
    // Any value, be it none.
    refuseIf(specifier?.value === false, `${what}: present_match: false is not supported`);
    return { name, kind: 'regex', value: '(?s).*' };
  }
  const { kind, value } = textMatch(what, specifier.value);
  refuseIf(kind === 'prefix', `${what}: prefix is not supported`);
  return { name, kind: kind === 'exact' ? kind : 'regex', value };
}

function headerMatch(matcher: HeaderMatcher): HeaderMatch {
  const name = matcher.name.toLowerCase();
  const { headerMatchSpecifier: specifier, invertMatch: invert } = matcher;
  refuseIf(
    matcher.treatMissingHeaderAsEmpty,
    `header ${name}: treat_missing_header_as_empty is not supported`,
  );
  if (specifier === undefined) return { name, kind: 'present', invert };
  switch (specifier.$case) {
    case 'presentMatch':
      return { name, kind: 'present', invert: specifier.value ? invert : !invert };
    case 'exactMatch':
      return { name, kind: 'exact', value: specifier.value, invert };
    case 'prefixMatch':
      return { name, kind: 'prefix', value: specifier.value, invert };
    case 'safeRegexMatch':
      return { name, kind: 'regex', value: regexOf(specifier.value.regex), invert };
    case 'stringMatch':
      return { name, ...textMatch(`header ${name}`, specifier.value), invert };
    default:
      throw new Refusal(`header ${name}: ${specifier.$case} is not supported`);
  }
}

/** @param what such as `header x-a` */
function textMatch(
  what: string,
  { matchPattern, ignoreCase }: StringMatcher,
): Exclude<HeaderCondition, { kind: 'present' }> {
  refuseIf(ignoreCase, `${what}: ignore_case is not supported`);
  switch (matchPattern?.$case) {
    case 'exact':
    case 'prefix':
      return { kind: matchPattern.$case, value: matchPattern.value };
    case 'safeRegex':
      return { kind: 'regex', value: regexOf(matchPattern.value.regex) };
    default:
      throw new Refusal(`${what}: ${matchPattern?.$case ?? 'an empty string_match'} is not supported`);
  }
}

function regexOf(regex: string): string {
  const fault = regexFault(regex);
  if (fault !== undefined)
    throw new Refusal(`the regular expression ${JSON.stringify(regex)} is none: ${fault}`);
  return regex;
}
