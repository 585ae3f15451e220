import type { IncomingMessage } from 'node:http';
import { headerList, type HeaderBlock, type HeaderInput } from '@evenly/http2';
import { endToEndFields, tokensOf, valuesOf } from './fields.ts';

/** Why a request cannot be used. */
export interface BadRequest {
  status: 400 | 501;
  reason: string;
}

export const maxHeaderFields = 100;

/** What becomes pseudo-headers, or is between the client and us (`te` would be of the connection; RFC 9110 §10.1.4). */
const hopFields: readonly string[] = ['host', 'te', 'expect', 'http2-settings'];

/** The request's headers as HTTP/2 has them. */
export function readRequest(request: IncomingMessage, scheme: 'http' | 'https'): HeaderBlock | BadRequest {
  const { rawHeaders, method = '' } = request;
  if (rawHeaders.length > maxHeaderFields * 2) return bad('too many header fields');
  const framing = framingFault(request);
  if (framing !== undefined) return framing;
  const hosts = valuesOf(rawHeaders, 'host');
  // RFC 9112 §3.2
  if (hosts.length > 1) return bad('more than one host field');
  if (hosts.length === 0 && request.httpVersion !== '1.0') return bad('no host field');
  const target = targetOf(request.url ?? '', hosts[0] ?? '');
  const inputs: HeaderInput[] = [
    [':method', method],
    [':scheme', scheme],
    [':path', target.path],
    [':authority', target.authority],
    ...endToEndFields(rawHeaders, hopFields),
  ];
  try {
    const block = headerList(inputs);
    const { problem } = block.asRequest();
    return problem === undefined ? block : bad(problem);
  } catch (error) {
    return bad((error as Error).message);
  }
}

/** Whether content follows the header fields. */
export function hasContent({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** The trailers of a request whose content has come; undefined: there are none, or they are of no use. */
export function readTrailers({ rawTrailers }: IncomingMessage): HeaderBlock | undefined {
  const fields = endToEndFields(rawTrailers, hopFields);
  if (fields.length === 0) return undefined;
  try {
    const block = headerList(fields);
    return block.asTrailers().problem === undefined ? block : undefined;
  } catch {
    return undefined; // a recipient may discard them (RFC 9110 §6.5.1)
  }
}

/** RFC 9112 §6.1 and §6.3: only a body that is chunked, and nothing else, is one that we can read. */
function framingFault({ rawHeaders, httpVersion }: IncomingMessage): BadRequest | undefined {
  const fields = valuesOf(rawHeaders, 'transfer-encoding');
  if (fields.length === 0) return undefined;
  if (httpVersion === '1.0') return bad('transfer-encoding in HTTP/1.0');
  if (valuesOf(rawHeaders, 'content-length').length > 0) return bad('content-length and transfer-encoding');
  const codings = tokensOf(fields);
  if (codings.at(-1) !== 'chunked') return bad('the last transfer coding is not chunked');
  if (codings.indexOf('chunked') < codings.length - 1) return bad('chunked more than once');
  if (codings.length > 1) return { status: 501, reason: 'of transfer codings only chunked is understood' };
  return undefined;
}

/** RFC 9112 §3.2.2: of a target in absolute form the host counts, and that of the field does not. */
function targetOf(url: string, host: string): { path: string; authority: string } {
  const match = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url);
  if (match === null) return { path: url, authority: host };
  const [, authority = '', rest = ''] = match;
  return { path: rest.startsWith('/') ? rest : `/${rest}`, authority };
}

const bad = (reason: string): BadRequest => ({ status: 400, reason });
