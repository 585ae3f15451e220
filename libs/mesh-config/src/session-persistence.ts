import { changedNameFault } from './header-changes.ts';
import type { PathMatch } from './path-match.ts';

/**
 * What keeps a client's calls at one endpoint: the first response names the endpoint, and the client says it with its later
 * calls (GEP-1619 of the Gateway API, gRFC A55). Such a call goes there whatever the weights of destinations say, as long as
 * the endpoint may get calls.
 */
export type SessionPersistence = CookieSession | HeaderSession;

export interface CookieSession extends SessionLifetime {
  kind: 'cookie';
  /** RFC 6265 §4.1.1: a token, with its case. */
  name: string;
  /** With which requests a client sends it; absent = those that the route's `match.path` is about, see `cookiePathOf`. */
  path?: string;
  /** The client keeps it when it ends, for as long as the `absoluteTimeoutMs` that it has. */
  permanent: boolean;
}

export interface HeaderSession extends SessionLifetime {
  kind: 'header';
  /** Of the response, and of the requests after it; in lower case. */
  name: string;
}

interface SessionLifetime {
  /** A session ends so long after it began; absent = never by itself. */
  absoluteTimeoutMs?: number;
}

/** The Gateway API has names of as many characters. */
const maxName = 128;

/** @returns why a cookie cannot have this name, if so; begins with "must" */
export function cookieNameFault(name: string): string | undefined {
  const isToken = name.length <= maxName && /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name);
  return isToken ? undefined : `must be a token (RFC 6265 §4.1.1) of at most ${maxName} characters`;
}

/** @returns why a session cannot be in a header of this name, if so; begins with "must" */
export function sessionHeaderFault(name: string): string | undefined {
  if (name.length > maxName) return `must have at most ${maxName} characters`;
  if (name.endsWith('-bin')) return 'must not end in "-bin", for the value is text';
  if (name === 'cookie' || name === 'set-cookie') return 'must not be a header that cookies are in';
  return changedNameFault(name);
}

/** @returns why a cookie cannot have this path, if so; begins with "must" */
export function cookiePathFault(path: string): string | undefined {
  const isSendable = path.length <= 1024 && /^\/[\x21-\x3a\x3c-\x7e]*$/.test(path);
  return isSendable
    ? undefined
    : 'must begin with "/", and be at most 1024 visible ASCII characters without ";"';
}

/**
 * The longest path of a cookie that comes with every request that a route takes (RFC 6265 §5.1.4 goes by whole segments).
 * @param match what the route takes
 */
export function cookiePathOf({ kind, value }: PathMatch): string {
  const literal = kind === 'regex' ? literalStart(value) : value;
  const sendable = /^[^;\s\0-\x1f\x7f-\uffff]*/.exec(literal)![0];
  const isWhole = sendable === value && (kind === 'exact' || kind === 'segments');
  return isWhole ? value : sendable.slice(0, sendable.lastIndexOf('/') + 1) || '/';
}

/** What every path begins with that a regular expression takes; where it has alternatives, nothing. */
function literalStart(regex: string): string {
  if (regex.includes('|')) return '';
  const [start] = /^(?:[^\\.+*?()[\]{}^$]|\\[^A-Za-z0-9])*/.exec(regex)!;
  // What is repeated may be there no time at all.
  const certain = /^[*?{]/.test(regex.slice(start.length)) ? start.replace(/\\?.$/s, '') : start;
  return certain.replace(/\\(.)/gs, '$1');
}
