import type { ProtocolVariant } from '../protocol-variant.ts';

/** Protobuf tags of requests in envoy/service/discovery/v3/discovery.proto; the others say more than an ACK. */
const tags = {
  sotw: { version: 0x0a, node: 0x12, names: 0x1a, typeUrl: 0x22, nonce: 0x2a },
  // Names are said where they change, and versions of nothing but what the client brings.
  delta: { version: -1, node: 0x0a, names: -1, typeUrl: 0x12, nonce: 0x32 },
} as const;

/** What an ACK says when all is well. */
export interface ExpectedAck {
  readonly typeUrl: string;
  readonly version: string;
  readonly nonce: string;
  /** In the order of the client's last request. */
  readonly names: readonly string[];
}

/**
 * Whether a request is an ACK that says just what was expected, as nearly all requests are: it is compared where it lies.
 * To decode it, with a string for each name that the client asks for, took more time than everything that follows from it.
 * The node may be there (Envoy says it each time); who the client is was settled by its first request.
 * @returns false for anything else, be it an ACK in other words
 */
export function isPlainAck(bytes: Uint8Array, variant: ProtocolVariant, expected: ExpectedAck): boolean {
  const tag = tags[variant];
  const { typeUrl, version, nonce, names } = expected;
  let hasType = false;
  let hasNonce = false;
  let name = 0;
  for (let at = 0; at < bytes.length;) {
    const field = bytes[at++]!;
    let length = bytes[at++] ?? 0x80;
    if (length >= 0x80) {
      const high = bytes[at++] ?? 0x80;
      if (high >= 0x80) return false; // 16 KB and more
      length = (length & 0x7f) | (high << 7);
    }
    const end = at + length;
    if (end > bytes.length) return false;
    if (field === tag.names) {
      if (name === names.length || !isText(bytes, at, end, names[name]!)) return false;
      name++;
    } else if (field === tag.nonce) {
      if (!isText(bytes, at, end, nonce)) return false;
      hasNonce = true;
    } else if (field === tag.typeUrl) {
      if (!isText(bytes, at, end, typeUrl)) return false;
      hasType = true;
    } else if (field === tag.version) {
      if (!isText(bytes, at, end, version)) return false;
    } else if (field !== tag.node) {
      return false;
    }
    at = end;
  }
  return hasType && hasNonce && (name === names.length || tag.names < 0);
}

/** Other letters than ASCII are more than one byte: then they are unequal, and the request is decoded. */
function isText(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let index = 0; index < text.length; index++)
    if (bytes[start + index] !== text.charCodeAt(index)) return false;
  return true;
}
