import {
  changedNameFault,
  changedValueFault,
  type HeaderChanges,
  type PathChange,
  type Redirect,
  type Rewrite,
  type Mirror,
  type Route,
} from '@evenly/mesh-config';
import type { RouteKind } from '../listeners/route-kinds.ts';
import type {
  Filter,
  HeaderFilter,
  MirrorFilter,
  PathChange as PathChangeFilter,
  RedirectFilter,
  RewriteFilter,
} from '../objects/filters.ts';
import type { Backends } from './backends.ts';
import { UnsupportedRule } from './ranked-match.ts';

export type FilterActions = Pick<
  Route,
  'requestHeaders' | 'responseHeaders' | 'mirrors' | 'redirect' | 'rewrite'
>;
export type HeaderActions = Pick<Route, 'requestHeaders' | 'responseHeaders'>;

/**
 * What the filters of a rule come to.
 * @throws UnsupportedRule
 */
export function filterActions(
  kind: RouteKind,
  filters: readonly Filter[],
  backends: Backends,
): FilterActions {
  const mirrors: Mirror[] = [];
  const actions: FilterActions = {};
  const headers: Filter[] = [];
  for (const filter of filters) {
    if (filter.type === 'RequestMirror') {
      const service = backends.find(filter.requestMirror.backendRef);
      // A mirror that is not there takes nothing from the calls themselves.
      if (service !== undefined)
        mirrors.push({ service: service.name, percent: percentOf(filter.requestMirror) });
    } else if (kind === 'HTTPRoute' && filter.type === 'RequestRedirect')
      actions.redirect = redirectOf(filter.requestRedirect);
    else if (kind === 'HTTPRoute' && filter.type === 'URLRewrite')
      actions.rewrite = rewriteOf(filter.urlRewrite);
    else headers.push(filter);
  }
  if (actions.redirect !== undefined && actions.rewrite !== undefined)
    throw new UnsupportedRule('filters RequestRedirect and URLRewrite cannot be together');
  return { ...actions, ...headerActions(headers), ...(mirrors.length > 0 ? { mirrors } : {}) };
}

/**
 * What the filters of a single backend come to, which can change headers and nothing else.
 * @throws UnsupportedRule
 */
export function headerActions(filters: readonly Filter[]): HeaderActions {
  const actions: HeaderActions = {};
  const once = (field: keyof HeaderActions, changes: HeaderChanges, name: string) => {
    if (actions[field] !== undefined) throw new UnsupportedRule(`filter ${name} is there twice`);
    actions[field] = changes;
  };
  for (const filter of filters) {
    if (filter.type === 'RequestHeaderModifier')
      once('requestHeaders', headerChanges(filter.requestHeaderModifier), filter.type);
    else if (filter.type === 'ResponseHeaderModifier')
      once('responseHeaders', headerChanges(filter.responseHeaderModifier), filter.type);
    else
      throw new UnsupportedRule(
        `filter ${filter.type === 'unsupported' ? filter.name : filter.type} is not supported here`,
      );
  }
  return actions;
}

function headerChanges({ set, add, remove }: HeaderFilter): HeaderChanges {
  for (const name of [...set, ...add].map((one) => one.name).concat(remove))
    refuse(name, changedNameFault(name));
  for (const { name, value } of [...set, ...add]) refuse(name, changedValueFault(name, value));
  return {
    ...(set.length > 0 ? { set } : {}),
    ...(add.length > 0 ? { add } : {}),
    ...(remove.length > 0 ? { remove } : {}),
  };
}

function refuse(header: string, fault: string | undefined): void {
  if (fault !== undefined) throw new UnsupportedRule(`header ${header} ${fault}`);
}

function redirectOf({ scheme, hostname, path, port, statusCode }: RedirectFilter): Redirect {
  return {
    status: statusCode ?? 302,
    ...(scheme ? { scheme } : {}),
    ...(hostname ? { hostname } : {}),
    ...(port ? { port } : {}),
    ...(path ? { path: pathChange(path) } : {}),
  };
}

function rewriteOf({ hostname, path }: RewriteFilter): Rewrite {
  return { ...(hostname ? { hostname } : {}), ...(path ? { path: pathChange(path) } : {}) };
}

function pathChange(change: PathChangeFilter): PathChange {
  return change.type === 'ReplaceFullPath'
    ? { kind: 'full', value: change.replaceFullPath }
    : { kind: 'prefix', value: change.replacePrefixMatch };
}

function percentOf({ percent, fraction }: MirrorFilter): number {
  if (fraction) return Math.min(100, (fraction.numerator / fraction.denominator) * 100);
  return percent ?? 100;
}
