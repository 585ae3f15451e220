import {
  redirectStatuses,
  type PathChange,
  type PathMatch,
  type Redirect,
  type Rewrite,
} from '@evenly/mesh-config';
import type { RedirectAction, RouteAction } from '@evenly/proto/envoy/config/route/v3/route_components';
import type { RegexMatchAndSubstitute } from '@evenly/proto/envoy/type/matcher/v3/regex';
import { pathChangeOf, readSubstitution, type PathRewrite } from '../../resources/path-rewrite.ts';
import { Refusal, refuseIf } from '../refusal.ts';

/** @throws Refusal */
export function parseRedirect(action: RedirectAction, match: PathMatch): Redirect {
  const {
    schemeRewriteSpecifier: given,
    hostRedirect,
    portRedirect,
    pathRewriteSpecifier,
    stripQuery,
  } = action;
  refuseIf(stripQuery, 'redirect.strip_query is not supported');
  refuseIf(portRedirect > 65_535, `redirect.port_redirect must be a port, not ${portRedirect}`);
  const status = redirectStatuses.at(action.responseCode < 0 ? redirectStatuses.length : action.responseCode);
  if (status === undefined) throw new Refusal(`redirect.response_code ${action.responseCode} is not known`);
  const scheme =
    given?.$case === 'httpsRedirect' ? (given.value ? 'https' : undefined) : given?.value || undefined;
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https')
    throw new Refusal(`redirect.scheme_redirect must be http or https, not ${scheme}`);
  const path = redirectedPath(pathRewriteSpecifier, match);
  return {
    status,
    ...(scheme === undefined ? {} : { scheme }),
    ...(hostRedirect === '' ? {} : { hostname: plainText('host_redirect', hostRedirect) }),
    ...(portRedirect === 0 ? {} : { port: portRedirect }),
    ...(path === undefined ? {} : { path }),
  };
}

function redirectedPath(
  given: RedirectAction['pathRewriteSpecifier'],
  match: PathMatch,
): PathChange | undefined {
  switch (given?.$case) {
    case undefined:
      return undefined;
    case 'pathRedirect':
      return given.value === ''
        ? undefined
        : { kind: 'full', value: plainText('path_redirect', given.value) };
    case 'prefixRewrite':
      return given.value === '' ? undefined : prefixChange(given.value, match);
    case 'regexRewrite':
      return regexChange(given.value, match);
  }
}

/** @throws Refusal */
export function parseRewrite(
  { prefixRewrite, regexRewrite, pathRewritePolicy, hostRewriteSpecifier: host }: RouteAction,
  match: PathMatch,
): Rewrite | undefined {
  refuseIf(pathRewritePolicy !== undefined, 'path_rewrite_policy is not supported');
  refuseIf(
    host !== undefined && host.$case !== 'hostRewriteLiteral',
    'of the ways to rewrite the host only host_rewrite_literal is supported',
  );
  const hostname = host?.$case === 'hostRewriteLiteral' ? host.value : '';
  const path =
    regexRewrite !== undefined
      ? regexChange(regexRewrite, match)
      : prefixRewrite === ''
        ? undefined
        : prefixChange(prefixRewrite, match);
  if (hostname === '' && path === undefined) return undefined;
  return {
    ...(hostname === '' ? {} : { hostname: plainText('host_rewrite_literal', hostname) }),
    ...(path === undefined ? {} : { path }),
  };
}

function prefixChange(value: string, match: PathMatch): PathChange {
  const whole = match.kind === 'exact' ? 'full' : 'prefix';
  refuseIf(match.kind === 'regex', 'prefix_rewrite needs a prefix, a path or a path_separated_prefix');
  return { kind: whole, value: plainText('prefix_rewrite', value) };
}

function regexChange(given: RegexMatchAndSubstitute, match: PathMatch): PathChange {
  const rewrite: PathRewrite | undefined = readSubstitution(given);
  const change = rewrite && pathChangeOf(rewrite, match);
  if (change === undefined)
    throw new Refusal('of regex_rewrite only what our own xds-server sends is supported');
  return { ...change, value: plainText('regex_rewrite', change.value) };
}

/** What becomes a part of header fields: never two of them. */
function plainText(field: string, text: string): string {
  refuseIf(!/^[\x21-\x7e]*$/.test(text), `${field} must be printable ASCII, not ${JSON.stringify(text)}`);
  return text;
}
