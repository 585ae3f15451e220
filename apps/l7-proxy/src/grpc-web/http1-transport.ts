import type { IncomingMessage, ServerResponse } from 'node:http';
import { ErrorCode, type HeaderInput } from '@evenly/http2';
import type { WebTransport } from './web-call.ts';

/** Content of a request that is read ahead of the endpoint: as much as the window of an HTTP/2 stream. */
const windowBytes = 262_144;

/** A gRPC-Web answer of HTTP/1.1. */
export class Http1WebTransport implements WebTransport {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #onSent: (bytes: number) => void;
  #unconsumed = 0;
  #unsent = 0;
  #isForgotten = false;

  /** @param onSent told when bytes have left that `write` could not send at once */
  constructor(request: IncomingMessage, response: ServerResponse, onSent: (bytes: number) => void) {
    this.#request = request;
    this.#response = response;
    this.#onSent = onSent;
    response.on('drain', () => {
      const sent = this.#unsent;
      this.#unsent = 0;
      if (sent > 0) this.#onSent(sent);
    });
  }

  /** So much of the request has come. */
  received(count: number): void {
    this.#unconsumed += count;
    if (!this.#isForgotten && this.#unconsumed >= windowBytes) this.#request.pause();
  }

  consume(count: number): void {
    this.#unconsumed -= count;
    if (this.#unconsumed < windowBytes && this.#request.isPaused()) this.#request.resume();
  }

  head(status: number, fields: readonly HeaderInput[]): void {
    this.#response.writeHead(
      status,
      fields.flatMap(([name, value]) => [name, value]),
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
    // To close now could cost the client the answer (RFC 9112 §9.6), so the rest is read and forgotten.
    this.#isForgotten = true;
    this.#request.resume();
  }

  // One request at a time: there is no number of streams to keep low.
  hold(): void {}
  release(): void {}
}
