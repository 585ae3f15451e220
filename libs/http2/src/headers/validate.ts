import { authorityPattern, sameAuthority } from './authority.ts';
import type { HeaderField } from './field.ts';

/** What checking a header list found. */
export interface HeaderFacts {
  /** Why the list is malformed (a stream error, RFC 9113 §8.1.1), or undefined. */
  readonly problem: string | undefined;
  readonly method: string;
  readonly scheme: string;
  readonly path: string;
  /** `:authority`, or `host` where that is all there is. */
  readonly authority: string;
  /** 200 for `:status: 200`; 0 where there is none. */
  readonly status: number;
  /** Declared length of the content in bytes, or -1. */
  readonly contentLength: number;
}

interface Draft {
  problem: string | undefined;
  method: string;
  scheme: string;
  path: string;
  authority: string;
  status: number;
  contentLength: number;
}

const connectionSpecific: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
const requestPseudo: ReadonlySet<string> = new Set([':method', ':scheme', ':path', ':authority']);
const responsePseudo: ReadonlySet<string> = new Set([':status']);
const noPseudo: ReadonlySet<string> = new Set();

/** Token characters of RFC 9110 §5.6.2 without upper case (RFC 9113 §8.2.1). */
const tokenPattern = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** RFC 3986 §3.1. */
const schemePattern = /^[A-Za-z][A-Za-z0-9+.-]*$/;
/** Blanks, control characters, and the fragment, which is no part of a request's target (RFC 9110 §7.1). */
const badPathPattern = /[\0-\x20\x7f#]/;
/** NUL, CR, LF (RFC 9113 §8.2.1), and what is no octet. A compiled pattern is three times as fast as a loop. */

const badValuePattern = /[\0\r\n\u0100-\uffff]/;

/**
 * Checks a request's header list (RFC 9113 §8.2, §8.3.1). Blanks around a value, which §8.2.1 forbids, are no fault: gRPC
 * clients send what the application gave them, and gRPC says that no server may fail for it. They are no part of the value
 * (RFC 9110 §5.5), and whoever passes the request on leaves them out, so that no two hops can read two values.
 */
export function checkRequest(fields: readonly HeaderField[]): HeaderFacts {
  const facts = emptyFacts();
  const pseudo = new Map<string, string>();
  facts.problem = checkFields(fields, requestPseudo, pseudo, facts);
  facts.method = pseudo.get(':method') ?? '';
  facts.scheme = pseudo.get(':scheme') ?? '';
  facts.path = pseudo.get(':path') ?? '';
  facts.problem ??= requestProblem(pseudo, facts) ?? authorityProblem(fields, pseudo, facts);
  return facts;
}

function requestProblem(pseudo: ReadonlyMap<string, string>, facts: Draft): string | undefined {
  if (!isToken(facts.method.toLowerCase())) return ':method missing or not a token';
  if (facts.method === 'CONNECT') {
    // RFC 9113 §8.5: CONNECT names an authority and nothing else.
    if (pseudo.has(':scheme') || pseudo.has(':path')) return 'CONNECT with :scheme or :path';
    return pseudo.get(':authority') ? undefined : 'CONNECT without :authority';
  }
  if (!schemePattern.test(facts.scheme)) return ':scheme missing or not a scheme';
  const asterisk = facts.path === '*' && facts.method === 'OPTIONS';
  if (!facts.path.startsWith('/') && !asterisk) return ':path missing or not absolute';
  if (badPathPattern.test(facts.path)) return ':path with blanks, control characters or a fragment';
  return undefined;
}

/** `:authority` and `host` must agree (RFC 9113 §8.3.1), else two hops could route one request to two places. */
function authorityProblem(
  fields: readonly HeaderField[],
  pseudo: ReadonlyMap<string, string>,
  facts: Draft,
): string | undefined {
  const hosts = fields.filter((field) => field.name === 'host').map(({ value }) => withoutBlanks(value));
  if (hosts.length > 1) return 'host twice';
  const [host] = hosts;
  const authority = pseudo.get(':authority') ?? host ?? '';
  if (!authorityPattern.test(authority)) return ':authority with characters it cannot have';
  if (host !== undefined && !sameAuthority(host, authority, facts.scheme))
    return 'host differs from :authority';
  facts.authority = authority;
  return undefined;
}

/** Checks a response's header list, final or 1xx (RFC 9113 §8.3.2). */
export function checkResponse(fields: readonly HeaderField[]): HeaderFacts {
  const facts = emptyFacts();
  const pseudo = new Map<string, string>();
  facts.problem = checkFields(fields, responsePseudo, pseudo, facts);
  const status = pseudo.get(':status') ?? '';
  if (/^[1-9]\d\d$/.test(status)) facts.status = Number(status);
  else facts.problem ??= ':status missing or not three digits';
  // RFC 9113 §8.6: switching protocols does not exist in HTTP/2.
  if (facts.status === 101) facts.problem ??= ':status 101';
  return facts;
}

/** Checks trailers (RFC 9113 §8.1): no pseudo-header fields. */
export function checkTrailers(fields: readonly HeaderField[]): HeaderFacts {
  const facts = emptyFacts();
  facts.problem = checkFields(fields, noPseudo, new Map(), facts);
  return facts;
}

/** Why this field cannot be sent by anyone, or undefined. */
export function fieldProblem(field: HeaderField): string | undefined {
  const { name, value } = field;
  if (!isToken(name.startsWith(':') ? name.slice(1) : name)) return `field name ${JSON.stringify(name)}`;
  if (badValuePattern.test(value)) return `control character in the value of ${name}`;
  if (connectionSpecific.has(name)) return `connection-specific field ${name}`;
  if (name === 'te' && withoutBlanks(value).toLowerCase() !== 'trailers') return 'te other than trailers';
  return undefined;
}

function emptyFacts(): Draft {
  return {
    problem: undefined,
    method: '',
    scheme: '',
    path: '',
    authority: '',
    status: 0,
    contentLength: -1,
  };
}

function checkFields(
  fields: readonly HeaderField[],
  allowedPseudo: ReadonlySet<string>,
  pseudo: Map<string, string>,
  facts: Draft,
): string | undefined {
  let regularSeen = false;
  for (const field of fields) {
    const { name, value } = field;
    const problem = fieldProblem(field);
    if (problem !== undefined) return problem;
    if (name.startsWith(':')) {
      if (regularSeen) return `${name} after regular fields`;
      if (!allowedPseudo.has(name)) return `${name} not allowed here`;
      if (pseudo.has(name)) return `${name} twice`;
      pseudo.set(name, value);
    } else {
      regularSeen = true;
      if (name === 'content-length' && !takeContentLength(value, facts))
        return 'content-length not one number';
    }
  }
  return undefined;
}

function takeContentLength(value: string, facts: Draft): boolean {
  const digits = withoutBlanks(value);
  const length = /^\d{1,15}$/.test(digits) ? Number(digits) : -1;
  const first = facts.contentLength < 0;
  if (length < 0 || (!first && length !== facts.contentLength)) return false;
  facts.contentLength = length;
  return true;
}

/** A field's value without the blanks around it, which are no part of it (RFC 9110 §5.5). */
export function withoutBlanks(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return end - start === value.length ? value : value.slice(start, end);
}

function isBlank(character: number): boolean {
  return character === 0x20 || character === 0x09;
}

function isToken(name: string): boolean {
  return tokenPattern.test(name);
}
