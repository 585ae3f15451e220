import {
  ErrorCode,
  headerList,
  joinCookies,
  type HeaderBlock,
  type HeaderFacts,
  type HeaderField,
} from '@evenly/http2';
import { request as startRequest, type Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import { endToEndFields, printable, tokensOf, valuesOf } from '../../http1/fields.ts';
import type { UpstreamStream, UpstreamStreamOwner } from '../connection.ts';

/** Content of a response that is read ahead of the client: as much as the window of an HTTP/2 stream. */
const windowBytes = 262_144;
/** As of an HTTP/2 connection: see `defaultLimits` of the engine. */
const maxHeaderSize = 61_440;
const nothing = Buffer.alloc(0);

/** Requests of these may be sent again by anybody, if no response has come (RFC 9110 §9.2.2). */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);
/** Without content they have no length (RFC 9110 §8.6). */
const bodiless: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'DELETE']);

/** One request of HTTP/1.1 to an endpoint, and the response to it, as attempts know streams. */
export class Http1Exchange implements UpstreamStream {
  user: UpstreamStreamOwner | undefined = undefined;
  localEnded = false;
  remoteEnded = false;
  closed = false;
  queuedBytes = 0;
  readonly #method: string;
  readonly #request: ClientRequest;
  readonly #maxInformational: number;
  readonly #onServed: () => void;
  #response: IncomingMessage | undefined;
  #error: Error | undefined;
  #informational = 0;
  #unconsumed = 0;

  /** @param onServed told when a response has begun */
  constructor(
    agent: Agent,
    { method, path, authority }: HeaderFacts,
    fields: readonly HeaderField[],
    endStream: boolean,
    maxInformational: number,
    onServed: () => void,
  ) {
    this.#method = method;
    this.#maxInformational = maxInformational;
    this.#onServed = onServed;
    const headers = ['host', authority, ...requestFields(method, fields, endStream)];
    const options = {
      agent,
      method,
      path,
      headers,
      setHost: false,
      maxHeaderSize,
      insecureHTTPParser: false,
    };
    const request = startRequest(options);
    this.#request = request;
    request.maxHeadersCount = 0; // as many as fit, or node:http would leave some out
    request.on('information', ({ statusCode, rawHeaders }) => this.#onInformational(statusCode, rawHeaders));
    request.on('response', (response) => this.#onResponse(response));
    request.on('upgrade', (_response, socket) => {
      socket.destroy();
      this.#fail('switched to another protocol, unasked');
    });
    request.on('drain', () => this.#onDrain());
    request.on('error', (error) => (this.#error ??= error)); // 'close' follows
    request.on('close', () => this.#onClose());
    if (endStream) this.#end();
  }

  send(bytes: Uint8Array, start: number, end: number, endStream: boolean): number {
    if (this.closed || this.localEnded) return 0;
    const count = end - start;
    // A copy, for node:http keeps it until it is sent.
    const isTaken = count === 0 || this.#request.write(Buffer.from(bytes.subarray(start, end)));
    if (!isTaken) this.queuedBytes += count;
    if (endStream) this.#end();
    return isTaken ? count : 0;
  }

  /** They are left out where the content has a length (RFC 9112 §7.1.2): there is no place for them. */
  sendTrailers({ fields }: HeaderBlock): void {
    if (this.closed || this.localEnded) return;
    if (this.#request.chunkedEncoding) {
      this.#request.addTrailers(fields.map(({ name, value }) => [name, printable(value)] as const));
    }
    this.#end();
  }

  consume(count: number): void {
    this.#unconsumed -= count;
    if (this.#unconsumed < windowBytes && this.#response?.isPaused() === true) this.#response.resume();
  }

  /** Nobody hears of it any more. */
  cutOff(): void {
    this.closed = true;
    this.#request.destroy();
  }

  #end(): void {
    this.localEnded = true;
    this.#request.end();
  }

  #onDrain(): void {
    const sent = this.queuedBytes;
    this.queuedBytes = 0;
    if (sent > 0 && !this.closed) this.user?.onRequestSent(sent);
  }

  #onInformational(status: number, rawHeaders: readonly string[]): void {
    if (this.closed) return;
    if (++this.#informational > this.#maxInformational) return this.#fail('too many informational responses');
    const block = responseBlock(status, rawHeaders);
    if (block !== undefined) this.user?.onResponseHeaders(block, 'informational', false);
  }

  #onResponse(response: IncomingMessage): void {
    this.#response = response;
    response.on('error', (error) => (this.#error ??= error)); // the request's 'close' follows
    if (this.closed) return;
    this.#onServed();
    const { statusCode = 0, rawHeaders } = response;
    const block = responseBlock(statusCode, rawHeaders);
    if (block === undefined) return this.#fail('a response that HTTP does not have');
    response.on('data', (chunk: Buffer) => this.#onData(chunk));
    response.on('end', () => this.#onEnd());
    const isEmpty = this.#method === 'HEAD' || statusCode === 204 || statusCode === 304;
    this.remoteEnded = isEmpty || block.asResponse().contentLength === 0;
    this.user?.onResponseHeaders(block, 'response', this.remoteEnded);
  }

  #onData(chunk: Buffer): void {
    if (this.closed || this.remoteEnded) return;
    this.#unconsumed += chunk.length;
    if (this.#unconsumed >= windowBytes) this.#response?.pause();
    this.user?.onResponseData(chunk, 0, chunk.length, false);
  }

  #onEnd(): void {
    if (this.closed || this.remoteEnded) return;
    this.remoteEnded = true;
    const trailers = trailerBlock(this.#response!.rawTrailers);
    if (trailers === undefined) this.user?.onResponseData(nothing, 0, 0, true);
    else this.user?.onResponseHeaders(trailers, 'trailers', true);
  }

  #onClose(): void {
    // All of a response may have come, and wait here for a client that is slow.
    if (this.remoteEnded || this.#response?.complete === true) return;
    this.#fail(this.#error?.message ?? 'closed');
  }

  #fail(reason: string): void {
    if (this.closed) return;
    this.cutOff();
    const isLost = this.#error !== undefined && !isParseError(this.#error);
    const unprocessed = isLost && this.#response === undefined && idempotent.has(this.#method);
    this.user?.onUpstreamReset({
      code: ErrorCode.INTERNAL_ERROR,
      cause: isLost ? 'connection' : 'violation',
      unprocessed,
      reason,
    });
  }
}

/** What came is no HTTP/1.1. */
const isParseError = ({ code }: NodeJS.ErrnoException) => code?.startsWith('HPE_') === true;

/** As HTTP/1.1 has them, with the way in which the content is framed. */
function requestFields(method: string, fields: readonly HeaderField[], endStream: boolean): string[] {
  const hasLength = fields.some(({ name }) => name === 'content-length');
  // `te` would be of the connection (RFC 9110 §10.1.4), `host` is there.
  const kept = fields.filter(({ name }) => !name.startsWith(':') && name !== 'te' && name !== 'host');
  const raw = joinCookies(kept).flatMap(({ name, value }) => [name, printable(value)]);
  if (hasLength) return raw;
  // node:http would send content of a GET without any frame, for the next request to be read from it.
  if (!endStream) return [...raw, 'transfer-encoding', 'chunked'];
  return bodiless.has(method) ? raw : [...raw, 'content-length', '0'];
}

/** Undefined: it is none that can be passed on. */
function responseBlock(status: number, rawHeaders: readonly string[]): HeaderBlock | undefined {
  // Of transfer codings node:http knows chunked only: what another one has made of the content would go on as the content.
  const codings = tokensOf(valuesOf(rawHeaders, 'transfer-encoding'));
  if (codings.length > 1 || (codings.length === 1 && codings[0] !== 'chunked')) return undefined;
  try {
    const block = headerList([[':status', String(status)], ...endToEndFields(rawHeaders)]);
    return block.asResponse().problem === undefined ? block : undefined;
  } catch {
    return undefined;
  }
}

function trailerBlock(rawTrailers: readonly string[]): HeaderBlock | undefined {
  const fields = endToEndFields(rawTrailers);
  if (fields.length === 0) return undefined;
  try {
    const block = headerList(fields);
    return block.asTrailers().problem === undefined ? block : undefined;
  } catch {
    return undefined; // a recipient may discard them (RFC 9110 §6.5.1)
  }
}
