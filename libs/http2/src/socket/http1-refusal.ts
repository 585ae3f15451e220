/** Of HTTP/1 (RFC 9112 §3). The preface of HTTP/2 is made so that it is none. */
const requestLine = /^[A-Z]{1,20} \S+ HTTP\/1\.[01]\r?\n/;
/** A longer one, or one that comes in pieces, is taken for garbage as everything else is that is no HTTP/2. */
const longest = 2048;

const text =
  'This port speaks HTTP/2 without TLS, as gRPC does, and no HTTP/1.1.\n' +
  'With curl: --http2-prior-knowledge; for gRPC calls by hand: grpcurl -plaintext.\n';

/**
 * What to answer to a client that begins like this, when the server has said nothing yet: a client of HTTP/1.1 shows words, and takes
 * a SETTINGS frame for garbage. 505 is for a version that a server does not speak, with the reason (RFC 9110 §15.6.6).
 * @param bytes the first that a client has sent
 * @returns undefined when it is not HTTP/1
 */
export function http1Refusal(bytes: Buffer): string | undefined {
  if (!requestLine.test(bytes.toString('latin1', 0, longest))) return undefined;
  return [
    'HTTP/1.1 505 HTTP Version Not Supported',
    'content-type: text/plain',
    `content-length: ${text.length}`,
    'connection: close',
    '',
    text,
  ].join('\r\n');
}
