import type { IncomingMessage, ServerResponse } from 'node:http';
import { ErrorCode, type HeaderInput, type MemoryShare } from '@evenly/http2';
import type { WebTransport } from './web-call.ts';

/** Content of a request that is read ahead of the endpoint: as much as the window of an HTTP/2 stream. */
const windowBytes = 262_144;
/** Content that is read and forgotten after a response that did not wait for it; then the connection ends. */
const maxForgottenBytes = 1_048_576;

/** A gRPC-Web response of HTTP/1.1. */
export class Http1WebTransport implements WebTransport {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #share: MemoryShare;
  readonly #onSent: (bytes: number) => void;
  #unconsumed = 0;
  #unsent = 0;
  #forgotten = 0;
  #isForgotten = false;

  /**
   * @param share of the connection: what has come and is not consumed counts in it
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

  head(status: number, fields: readonly HeaderInput[]): void {
    this.#response.writeHead(
      status,
      fields.flatMap(([name, value]) => [name, printable(value)]),
    );
    this.#response.flushHeaders(); // a stream may be silent for long before its first message
  }

  write(bytes: Buffer): number {
    if (this.#response.write(bytes)) return bytes.length;
    this.#unsent += bytes.length;
    return 0;
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

/** HTTP/2 has values with control characters (RFC 9113 §8.2.1), HTTP/1.1 has not (RFC 9110 §5.5). */
const printable = (value: string) => value.replace(/[\0-\x08\x0a-\x1f\x7f]/g, ' ');
