import { redirectStatuses, type PathMatch, type Redirect, type Route } from '@evenly/mesh-config';
import { RedirectAction, type RouteAction } from '@evenly/proto/envoy/config/route/v3/route_components';
import { message } from './message.ts';
import { pathRewrite, substitute, substituteAll } from './path-rewrite.ts';

export function redirectAction(
  { status, scheme, hostname, port, path }: Redirect,
  match: PathMatch,
): RedirectAction {
  return message(RedirectAction, {
    ...(scheme === undefined ? {} : { schemeRewriteSpecifier: { $case: 'schemeRedirect', value: scheme } }),
    hostRedirect: hostname ?? '',
    portRedirect: port ?? 0,
    pathRewriteSpecifier: path && redirectedPath(pathRewrite(path, match)),
    // Envoy's numbers for them have the same order.
    responseCode: redirectStatuses.indexOf(status) as RedirectAction['responseCode'],
  });
}

function redirectedPath(rewrite: ReturnType<typeof pathRewrite>): RedirectAction['pathRewriteSpecifier'] {
  switch (rewrite.kind) {
    case 'full':
      return { $case: 'pathRedirect', value: rewrite.value };
    case 'prefix':
      return { $case: 'prefixRewrite', value: rewrite.value };
    case 'regex':
      return { $case: 'regexRewrite', value: substitute(rewrite.pattern, rewrite.substitution) };
  }
}

/** What of a route's action says what endpoints are asked for. */
export function rewriteOf({ rewrite, match }: Route): Partial<RouteAction> {
  if (rewrite === undefined) return {};
  const { hostname, path } = rewrite;
  return {
    ...(hostname === undefined
      ? {}
      : { hostRewriteSpecifier: { $case: 'hostRewriteLiteral', value: hostname } }),
    ...(path === undefined ? {} : rewrittenPath(pathRewrite(path, match.path))),
  };
}

function rewrittenPath(rewrite: ReturnType<typeof pathRewrite>): Partial<RouteAction> {
  switch (rewrite.kind) {
    case 'full':
      return { regexRewrite: substituteAll(rewrite.value) };
    case 'prefix':
      return { prefixRewrite: rewrite.value };
    case 'regex':
      return { regexRewrite: substitute(rewrite.pattern, rewrite.substitution) };
  }
}
