import { ErrorCode, type HeaderBlock, type StreamReset } from '@evenly/http2';
import type { ClientSide, ClientStream, ClientStreamOwner } from '../call/client-side.ts';
import { failure } from '../failure.ts';
import { respondLocally } from '../call/response/local-response.ts';
import type { Http1Transport } from './transport.ts';

/** Stands between a call and a client that speaks HTTP/1.1: towards the call it is the client's side. */
export class Http1ClientSide implements ClientSide, ClientStreamOwner {
  readonly stream: ClientStream;
  readonly #transport: Http1Transport;
  #call: ClientStreamOwner | undefined;
  #phase: 'before head' | 'body' | 'ended' = 'before head';

  constructor(transport: Http1Transport, method: string) {
    this.#transport = transport;
    this.stream = { head: method === 'HEAD' };
  }

  /** The call that this stands in front of, before anything else. */
  set call(call: ClientStreamOwner) {
    this.#call = call;
  }

  /** A response has begun, or there is none to come. */
  get hasResponded(): boolean {
    return this.#phase !== 'before head';
  }

  // From the client to the call.

  onRequestData(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    this.#call?.onRequestData(bytes, start, end, endStream);
  }

  onRequestTrailers(block: HeaderBlock): void {
    this.#call?.onRequestTrailers(block);
  }

  onResponseSent(bytes: number): void {
    this.#call?.onResponseSent(bytes);
  }

  onClientReset(reset?: StreamReset): void {
    this.#phase = 'ended';
    this.#call?.onClientReset(reset);
  }

  // From the call to the client.

  sendHeaders(_stream: ClientStream, { fields }: HeaderBlock, endStream: boolean): void {
    if (this.#phase === 'ended') return;
    const regular = fields.filter(({ name }) => !name.startsWith(':'));
    if (this.#phase === 'body') return this.#end(() => this.#transport.endWith(regular));
    const status = Number(fields.find(({ name }) => name === ':status')?.value ?? 0);
    // Not every client of HTTP/1.1 knows that there are such (RFC 9110 §15.2); 100 we have said ourselves.
    if (status < 200) return;
    this.#phase = 'body';
    this.#transport.head(
      status,
      regular.map(({ name, value }) => [name, value] as const),
      endStream,
    );
    if (endStream) this.#end(() => this.#transport.end());
  }

  sendData(_stream: ClientStream, bytes: Uint8Array, start: number, end: number, endStream: boolean): number {
    if (this.#phase !== 'body') return end - start;
    // A copy, for node:http keeps it until it is sent.
    const sent = end > start ? this.#transport.write(Buffer.from(bytes.subarray(start, end))) : 0;
    if (endStream) this.#end(() => this.#transport.end());
    return sent;
  }

  reset(stream: ClientStream, code: number): void {
    if (this.#phase === 'before head' && code === ErrorCode.REFUSED_STREAM) {
      // HTTP/1.1 has no way to say that a request may be sent again, but this.
      const refused = failure('UNAVAILABLE', 'the endpoint has refused the request', 'endpoint-reset');
      return void respondLocally(this, stream, { isGrpc: false }, false, refused);
    }
    if (this.#phase === 'ended' && code !== ErrorCode.NO_ERROR) return;
    this.#phase = 'ended';
    this.#transport.reset(code);
  }

  consume(_stream: ClientStream, count: number): void {
    this.#transport.consume(count);
  }

  hold(): void {
    this.#transport.hold();
  }

  release(): void {
    this.#transport.release();
  }

  #end(end: () => void): void {
    this.#phase = 'ended';
    end();
  }
}
