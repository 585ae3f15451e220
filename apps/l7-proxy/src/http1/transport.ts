import type { IncomingMessage, ServerResponse } from 'node:http';
import { ErrorCode, type HeaderField, type HeaderInput, type MemoryShare } from '@evenly/http2';
import type { WebTransport } from '../grpc-web/web-call.ts';
import { printable } from './fields.ts';

/** Content of a request that is read ahead of the endpoint: as much as the window of an HTTP/2 stream. */
const windowBytes = 262_144;
/** Content that is read and forgotten after a response that did not wait for it; then the connection ends. */
const maxForgottenBytes = 1_048_576;

/** The content of a request of HTTP/1.1, and the response to it. */
export class Http1Transport implements WebTransport {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #share: MemoryShare;
  readonly #onSent: (bytes: number) => void;
  #unconsumed = 0;
  #unsent = 0;
  #forgotten = 0;
  #isForgotten = false;

  /**
   * @param share of the connection: what has come and is not consumed counts in it, and what is not sent
   * @param onSent told when bytes have left that `write` could not send at once
   */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    share: MemoryShare,
    onSent: (bytes: number) => void,
  ) {
    this.#request = request;
    this.#response = response;
    this.#share = share;
    this.#onSent = onSent;
    response.on('drain', () => {
      const sent = this.#unsent;
      this.#unsent = 0;
      this.#share.add(-sent);
      if (sent > 0) this.#onSent(sent);
    });
    response.on('finish', () => this.#settle()).on('close', () => this.#settle());
  }

  /**
   * So much of the request has come.
   * @returns whether anybody wants it
   */
  received(count: number): boolean {
    if (this.#isForgotten) return this.#forget(count);
    this.#unconsumed += count;
    this.#share.add(count);
    if (this.#unconsumed >= windowBytes) this.#request.pause();
    return true;
  }

  consume(count: number): void {
    if (this.#isForgotten) return;
    this.#unconsumed -= count;
    this.#share.add(-count);
    if (this.#unconsumed < windowBytes && this.#request.isPaused()) this.#request.resume();
  }

  /** @param isAll no content follows, so that there is no hurry */
  head(status: number, fields: readonly HeaderInput[], isAll = false): void {
    this.#response.writeHead(
      status,
      fields.flatMap(([name, value]) => [name, printable(value)]),
    );
    if (!isAll) this.#response.flushHeaders(); // a stream may be silent for long before its first message
  }

  write(bytes: Buffer): number {
    if (this.#response.write(bytes)) return bytes.length;
    this.#unsent += bytes.length;
    this.#share.add(bytes.length);
    if (this.#share.refusesMore) this.#request.socket.destroy();
    return 0;
  }

  /** The end of a response that has trailers: HTTP/1.1 has them behind chunks only, else they are left out. */
  endWith(trailers: readonly HeaderField[]): void {
    if (this.#response.chunkedEncoding) {
      this.#response.addTrailers(trailers.map(({ name, value }) => [name, printable(value)] as const));
    }
    this.#response.end();
  }

  end(): void {
    this.#response.end();
  }

  reset(code: number): void {
    if (code !== ErrorCode.NO_ERROR) return void this.#request.socket.destroy();
    // To close now could cost the client the response (RFC 9112 §9.6), so the rest is read and forgotten.
    this.#settle();
    this.#request.resume();
  }

  // One request at a time: there is no number of streams to keep low.
  hold(): void {}
  release(): void {}

  /** Nothing of the request is held any more, and nothing that comes is wanted. */
  #settle(): void {
    this.#isForgotten = true;
    this.#share.add(-this.#unconsumed);
    this.#unconsumed = 0;
  }

  #forget(count: number): false {
    this.#forgotten += count;
    if (this.#forgotten > maxForgottenBytes) this.#request.socket.destroy();
    return false;
  }
}
