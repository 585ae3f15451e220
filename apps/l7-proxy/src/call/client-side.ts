import type { HeaderBlock, MemoryShare, StreamReset } from '@evenly/http2';

/** What a call knows of its client's stream. */
export interface ClientStream {
  /** The request was HEAD: the response has no content. */
  readonly head: boolean;
}

/** What a call asks of its client's side: an HTTP/2 connection, or who translates for a gRPC-Web client. */
export interface ClientSide {
  /** Where what is kept for the client counts. */
  readonly memory?: MemoryShare | undefined;
  hold(stream: ClientStream): void;
  release(stream: ClientStream): void;
  consume(stream: ClientStream, count: number): void;
  sendHeaders(stream: ClientStream, block: HeaderBlock, endStream: boolean): void;
  /** @returns how many bytes left at once; for the rest `onResponseSent` says it */
  sendData(stream: ClientStream, bytes: Uint8Array, start: number, end: number, endStream: boolean): number;
  reset(stream: ClientStream, code: number): void;
}

/** What a client's stream tells its call, or who translates for it: the stream's `user`. */
export interface ClientStreamOwner {
  onRequestData(bytes: Buffer, start: number, end: number, endStream: boolean): void;
  onRequestTrailers(block: HeaderBlock): void;
  onResponseSent(bytes: number): void;
  /** @param reset absent: the client, or its connection, is gone */
  onClientReset(reset?: StreamReset): void;
}
