import { Metadata } from '@grpc/grpc-js';
import * as z from 'zod';

/** Of HTTP/1.1's connections: HTTP/2 forbids them (RFC 9113 §8.2.2), and host beside `:authority` (§8.3.1). */
const forbidden = new Set([
  ...[
    'connection',
    'keep-alive',
    'proxy-connection',
    'transfer-encoding',
    'upgrade',
    'http2-settings',
    'host',
  ],
]);

/** Beside those that begin with `grpc-`: gRPC overwrites them, or the stream does not fit them. */
const ofGrpc = new Set(['te', 'content-type', 'content-length', 'user-agent']);

/** Fields that have one value, of which node:http2 sends no two. */
export const singleValued: ReadonlySet<string> = new Set([
  ...['access-control-allow-credentials', 'access-control-max-age', 'access-control-request-method', 'age'],
  ...['authorization', 'content-encoding', 'content-language', 'content-location', 'content-md5'],
  ...['content-range', 'date', 'dnt', 'etag', 'expires', 'from', 'if-match', 'if-modified-since'],
  ...['if-none-match', 'if-range', 'if-unmodified-since', 'last-modified', 'location', 'max-forwards'],
  ...['proxy-authorization', 'range', 'referer', 'retry-after', 'tk', 'upgrade-insecure-requests'],
  'x-content-type-options',
]);

/** Comma-separated `name=value`, sent as metadata with each call. */
export const headers = () =>
  z.string().transform((text, context) => {
    const metadata = new Metadata();
    for (const item of text.split(',').map((part) => part.trim())) {
      if (item === '') continue;
      const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(item) ?? [];
      const fault = faultOf(metadata, name, value);
      if (fault !== undefined) {
        context.addIssue({ code: 'custom', message: `${JSON.stringify(item)}: ${fault}` });
      }
    }
    return metadata;
  });

/** Sets the header. @returns what is wrong with it, if that cannot be done */
function faultOf(metadata: Metadata, name: string, value: string): string | undefined {
  const key = name.toLowerCase();
  if (name === '') return 'expected name=value, such as x-canary=always';
  if (key.endsWith('-bin'))
    return 'a header whose name ends with -bin is binary, and cannot be given as text';
  if (/^(grpc-|:)/.test(key) || ofGrpc.has(key)) return 'gRPC sets headers with such names itself';
  if (forbidden.has(key)) return 'HTTP/2 forbids headers with this name';
  if (value !== value.trim()) return 'HTTP/2 forbids values that begin or end with a blank';
  try {
    if (singleValued.has(key) && metadata.get(key).length > 0)
      return 'a header with this name is sent once only';
    metadata.add(name, value);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
