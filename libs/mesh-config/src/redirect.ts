import type { PathMatch } from './path-match.ts';

export const redirectStatuses = [301, 302, 303, 307, 308] as const;

/** Where a client is told to ask instead. What is absent is as the request has it. */
export interface Redirect {
  status: (typeof redirectStatuses)[number];
  scheme?: 'http' | 'https';
  hostname?: string;
  /** Absent = with a `scheme` or `hostname` none, which is the scheme's own; else the one of the request's authority. */
  port?: number;
  path?: PathChange;
}

/** What endpoints are asked for. What is absent is as the request has it. */
export interface Rewrite {
  /** The authority. */
  hostname?: string;
  path?: PathChange;
}

/** `full`: instead of the whole path; `prefix`: instead of what `match.path` holds for, a `prefix` or `segments`. The query stays. */
export interface PathChange {
  kind: 'full' | 'prefix';
  value: string;
}

/**
 * @param match of the route, which holds for the path
 * @param target with its query, if it has one
 */
export function changedPath({ kind, value }: PathChange, match: PathMatch, target: string): string {
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  const changed = kind === 'full' ? value : value + restOf(path, match, value);
  const absolute = changed.startsWith('/') ? changed : `/${changed}`;
  return query < 0 ? absolute : absolute + target.slice(query);
}

/** What follows the prefix; of whole segments there is one slash between the two. */
function restOf(path: string, { kind, value: prefix }: PathMatch, replaced: string): string {
  const rest = path.slice(prefix.length);
  const hasBoth = (kind === 'segments' || prefix === '') && replaced.endsWith('/') && rest.startsWith('/');
  return hasBoth ? rest.slice(1) : rest;
}

/** The `location` of a redirect. */
export function locationOf(
  { scheme, hostname, port, path }: Redirect,
  match: PathMatch,
  request: { scheme: string; authority: string; path: string },
): string {
  const [, host = '', ofRequest = ''] = /^(.*?)(?::(\d+))?$/.exec(request.authority) ?? [];
  const wanted = scheme ?? request.scheme;
  const known = scheme === undefined && hostname === undefined ? ofRequest : '';
  const at = port === undefined ? known : String(port);
  const isDefault = at === '' || at === (wanted === 'https' ? '443' : '80');
  const target = path === undefined ? request.path : changedPath(path, match, request.path);
  return `${wanted}://${hostname ?? host}${isDefault ? '' : `:${at}`}${target}`;
}
