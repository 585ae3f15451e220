import {
  ErrorCode,
  type HeaderBlock,
  type HeaderField,
  type HeaderInput,
  type MemoryShare,
  type StreamReset,
} from '@evenly/http2';
import type { ClientSide, ClientStream, ClientStreamOwner } from '../call/client-side.ts';
import { corsFields } from './cors.ts';
import { responseEncodingOf, Base64Decoder, toWeb, trailerMessage, type WebEncoding } from './protocol.ts';

/** How a gRPC-Web response gets to the browser: on a stream of HTTP/2, or as a response of HTTP/1.1. */
export interface WebTransport {
  head(status: number, fields: readonly HeaderInput[]): void;
  /** @returns how many bytes left at once; the rest is told to `WebCall.onResponseSent` as it leaves */
  write(bytes: Buffer): number;
  end(): void;
  /** Breaks off. NO_ERROR: after a whole response, for the rest of the request is not wanted. */
  reset(code: number): void;
  /** So many bytes of the request are used: as many more may come. */
  consume(count: number): void;
  /** Where what is kept for the client counts. */
  readonly memory?: MemoryShare | undefined;
  hold(): void;
  release(): void;
}

/** Stands between a call, which is gRPC, and a client that speaks gRPC-Web: towards the call it is the client's side. */
export class WebCall implements ClientSide, ClientStreamOwner {
  readonly stream: ClientStream = { head: false };
  readonly #transport: WebTransport;
  readonly #encoding: WebEncoding;
  readonly #origin: string | undefined;
  readonly #decoder: Base64Decoder | undefined;
  #call: ClientStreamOwner | undefined;
  #phase: 'before head' | 'body' | 'ended' = 'before head';
  /** The endpoint's response is no gRPC, but an error page, say: it is passed on as it is. */
  #isPlain = false;
  /** Written and not sent: pieces as they travel, and how many bytes of the call's each stands for. */
  readonly #unsent: { left: number; source: number }[] = [];

  /**
   * @param encoding of the request
   * @param accept the request's, for the response's encoding
   * @param origin of the page that asked, if it may read the response and is another than ours
   */
  constructor(
    transport: WebTransport,
    encoding: WebEncoding,
    accept: string | undefined,
    origin: string | undefined,
  ) {
    this.#transport = transport;
    this.#encoding = responseEncodingOf(accept, encoding);
    this.#origin = origin;
    this.#decoder = encoding === 'text' ? new Base64Decoder() : undefined;
  }

  /** The call that this stands in front of, before anything else. */
  set call(call: ClientStreamOwner) {
    this.#call = call;
  }

  get memory(): MemoryShare | undefined {
    return this.#transport.memory;
  }

  // From the browser to the call.

  onRequestData(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (this.#decoder === undefined) return this.#call?.onRequestData(bytes, start, end, endStream);
    let decoded: Buffer;
    try {
      decoded = this.#decoder.decode(bytes.subarray(start, end));
      if (endStream) this.#decoder.end();
    } catch (error) {
      return this.#refuse((error as Error).message);
    }
    // Three bytes of four are left, for which the call asks; the others are used up here.
    const overhead = end - start - decoded.length;
    if (overhead > 0) this.#transport.consume(overhead);
    this.#call?.onRequestData(decoded, 0, decoded.length, endStream);
  }

  onRequestTrailers(): void {
    this.#refuse('gRPC-Web requests have no trailers');
  }

  onResponseSent(bytes: number): void {
    let left = bytes;
    let source = 0;
    for (let first = this.#unsent[0]; first !== undefined && left > 0; first = this.#unsent[0]) {
      const taken = Math.min(left, first.left);
      left -= taken;
      first.left -= taken;
      if (first.left > 0) break;
      source += first.source;
      this.#unsent.shift();
    }
    if (source > 0) this.#call?.onResponseSent(source);
  }

  onClientReset(reset?: StreamReset): void {
    this.#phase = 'ended';
    this.#call?.onClientReset(reset);
  }

  // From the call to the browser.

  sendHeaders(_stream: ClientStream, { fields }: HeaderBlock, endStream: boolean): void {
    if (this.#phase === 'ended') return;
    const status = Number(fields.find(({ name }) => name === ':status')?.value ?? 0);
    if (status >= 100 && status < 200) return; // fetch() shows none
    const others = fields.filter(({ name }) => !name.startsWith(':'));
    if (this.#phase === 'body') return this.#end(others);
    const contentType = others.find(({ name }) => name === 'content-type')?.value ?? '';
    this.#isPlain = !/^application\/grpc($|[+; ])/i.test(contentType);
    // A status and nothing else ("trailers-only") is all trailers.
    this.#sendHead(status, contentType, endStream && !this.#isPlain ? [] : others);
    if (endStream) this.#end(others);
  }

  sendData(_stream: ClientStream, bytes: Uint8Array, start: number, end: number, endStream: boolean): number {
    if (this.#phase !== 'body') return end - start;
    const sent = end > start ? this.#write(Buffer.from(bytes.subarray(start, end))) : 0;
    // A response without trailers: the client will miss the status, and say so.
    if (endStream) this.#end([]);
    return sent;
  }

  reset(_stream: ClientStream, code: number): void {
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

  #sendHead(status: number, contentType: string, fields: readonly HeaderField[]): void {
    this.#phase = 'body';
    const kept = fields.filter(({ name }) => name !== 'content-type' && name !== 'content-length');
    const type = this.#isPlain ? contentType : toWeb(contentType, this.#encoding);
    this.#transport.head(status, [
      ...(type === '' ? [] : [['content-type', type] as const]),
      ...kept.map(({ name, value }) => [name, value] as const),
      ...corsFields(
        this.#origin,
        kept.map(({ name }) => name),
      ),
    ]);
  }

  /** @param trailers none for a response that ends without */
  #end(trailers: readonly HeaderField[]): void {
    const wanted = trailers.filter(({ name }) => name !== 'content-type' && name !== 'content-length');
    if (wanted.length > 0 && !this.#isPlain) this.#transport.write(this.#encode(trailerMessage(wanted)));
    this.#phase = 'ended';
    this.#transport.end();
  }

  /** @returns how many of the bytes have left */
  #write(bytes: Buffer): number {
    const encoded = this.#isPlain ? bytes : this.#encode(bytes);
    const sent = this.#transport.write(encoded);
    if (sent === encoded.length) return bytes.length;
    this.#unsent.push({ left: encoded.length - sent, source: bytes.length });
    return 0;
  }

  #encode(bytes: Buffer): Buffer {
    return this.#encoding === 'text' ? Buffer.from(bytes.toString('base64'), 'latin1') : bytes;
  }

  #refuse(reason: string): void {
    this.#call?.onClientReset();
    if (this.#phase === 'before head') {
      this.#transport.head(400, [['content-type', 'text/plain; charset=utf-8']]);
      this.#transport.write(Buffer.from(`${reason}\n`));
      this.#transport.end();
      this.#phase = 'ended';
      this.#transport.reset(ErrorCode.NO_ERROR);
    } else {
      this.reset(this.stream, ErrorCode.PROTOCOL_ERROR);
    }
  }
}
