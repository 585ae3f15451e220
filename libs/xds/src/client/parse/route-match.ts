import { regexFault, type HeaderMatch, type PathMatch, type RouteMatch } from '@evenly/mesh-config';
import type {
  HeaderMatcher,
  RouteMatch as XdsRouteMatch,
} from '@evenly/proto/envoy/config/route/v3/route_components';
import type { StringMatcher } from '@evenly/proto/envoy/type/matcher/v3/string';
import { Refusal, refuseIf } from '../refusal.ts';

/** The conditions of a route but its authority. @throws Refusal */
export function parseMatch(match: XdsRouteMatch | undefined): Omit<RouteMatch, 'authority'> {
  if (match === undefined) throw new Refusal('a route has no match');
  refuseIf(match.caseSensitive === false, 'case_sensitive: false is not supported');
  refuseIf(match.runtimeFraction !== undefined, 'runtime_fraction is not supported');
  refuseIf(match.queryParameters.length > 0, 'query_parameters are not supported');
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
    case 'safeRegex':
      return { kind: 'regex', value: regexOf(specifier.value.regex) };
    default:
      throw new Refusal(
        `a path is matched by prefix, path or safe_regex, not by ${specifier?.$case ?? 'nothing'}`,
      );
  }
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
      return { name, ...textMatch(name, specifier.value), invert };
    default:
      throw new Refusal(`header ${name}: ${specifier.$case} is not supported`);
  }
}

function textMatch(name: string, { matchPattern, ignoreCase }: StringMatcher): PathMatch {
  refuseIf(ignoreCase, `header ${name}: ignore_case is not supported`);
  switch (matchPattern?.$case) {
    case 'exact':
    case 'prefix':
      return { kind: matchPattern.$case, value: matchPattern.value };
    case 'safeRegex':
      return { kind: 'regex', value: regexOf(matchPattern.value.regex) };
    default:
      throw new Refusal(`header ${name}: ${matchPattern?.$case ?? 'an empty string_match'} is not supported`);
  }
}

function regexOf(regex: string): string {
  const fault = regexFault(regex);
  if (fault !== undefined)
    throw new Refusal(`the regular expression ${JSON.stringify(regex)} is none: ${fault}`);
  return regex;
}
