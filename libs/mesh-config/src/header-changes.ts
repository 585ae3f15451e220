/** What becomes of the header fields of a request or a response: what is removed goes first, then set, then added. */
export interface HeaderChanges {
  /** Instead of all fields of the name, or beside the others where there are none. */
  set?: readonly HeaderValue[];
  /** After the fields of the name that are there. */
  add?: readonly HeaderValue[];
  remove?: readonly string[];
}

export interface HeaderValue {
  /** In lower case. */
  name: string;
  value: string;
}

/** How many fields each of the three may name, and how long a value may be; Gateway API has 16 and 4096. */
export const headerChangeLimits = { fields: 64, valueLength: 4096 } as const;

/** RFC 9110 §5.6.2 "token", in lower case as HTTP/2 wants it (RFC 9113 §8.2.1); a pseudo header is none. */
const fieldName = /^[a-z0-9!#$%&'*+.^_`|~-]{1,256}$/;
/** Visible ASCII, with blanks inside: what a gRPC metadata value can be (gRPC over HTTP/2, "ASCII-Value"). */
const fieldValue = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** They say how a message is framed, where it goes and through whom it came: a change would break the call, or the next hop. */
const untouchable: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'trailer',
  'te',
  'content-length',
  'content-type',
  'max-forwards',
  'via',
]);

/** @returns why a field of this name cannot be changed, if so; begins with "must" */
export function changedNameFault(name: string): string | undefined {
  if (!fieldName.test(name)) return 'must be the name of a header field, in lower case';
  if (name.startsWith('grpc-')) return 'must not begin with "grpc-", which is reserved for gRPC itself';
  return untouchable.has(name)
    ? 'must not be a field that says how a message is framed or routed'
    : undefined;
}

/** @returns why a field cannot have this value, if so; begins with "must" */
export function changedValueFault(name: string, value: string): string | undefined {
  const { valueLength } = headerChangeLimits;
  if (value.length > valueLength) return `must have at most ${valueLength} characters`;
  if (!fieldValue.test(value)) return 'must be printable ASCII, not empty, without blanks at the ends';
  // gRPC over HTTP/2, "Binary-Header": a server ends the call when it cannot decode one.
  return name.endsWith('-bin') && !base64.test(value) ? 'must be base64, as every "-bin" header' : undefined;
}
