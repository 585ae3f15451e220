import { headerList, type Connection, type HeaderInput, type MemoryShare, type Stream } from '@evenly/http2';
import type { WebTransport } from './web-call.ts';

const nothing = Buffer.alloc(0);

/** A gRPC-Web response on a stream of HTTP/2. */
export class Http2WebTransport implements WebTransport {
  readonly #connection: Connection;
  readonly #stream: Stream;

  constructor(connection: Connection, stream: Stream) {
    this.#connection = connection;
    this.#stream = stream;
  }

  get memory(): MemoryShare | undefined {
    return this.#connection.memory;
  }

  head(status: number, fields: readonly HeaderInput[]): void {
    this.#connection.sendHeaders(this.#stream, headerList([[':status', String(status)], ...fields]), false);
  }

  write(bytes: Buffer): number {
    return this.#connection.sendData(this.#stream, bytes, 0, bytes.length, false);
  }

  end(): void {
    this.#connection.sendData(this.#stream, nothing, 0, 0, true);
  }

  reset(code: number): void {
    this.#connection.reset(this.#stream, code);
  }

  consume(count: number): void {
    this.#connection.consume(this.#stream, count);
  }

  hold(): void {
    this.#connection.hold(this.#stream);
  }

  release(): void {
    this.#connection.release(this.#stream);
  }
}
