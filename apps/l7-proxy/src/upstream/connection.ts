import type { HeaderBlock, HeaderField, HeaderKind, StreamReset } from '@evenly/http2';

/*
 * A connection to an endpoint, as pools and attempts know it. It is the HTTP/2 engine's, as it is; or one of HTTP/1.1, which has
 * one stream at a time.
 */

export interface UpstreamConnection {
  /** Streams that `open` would grant now. */
  readonly availableStreams: number;
  /** The endpoint does not read: another connection to it would not help. */
  readonly isBlocked: boolean;
  readonly peerSettings: { readonly maxConcurrentStreams: number };
  /** With HTTP/1.1: it has been of use, however soon it ended. */
  readonly hasServed?: boolean;
  /** @returns undefined when it takes no stream now */
  open(block: HeaderBlock, endStream: boolean, extra?: readonly HeaderField[]): UpstreamStream | undefined;
  /** Trailers of a request. */
  sendHeaders(stream: UpstreamStream, block: HeaderBlock, endStream: boolean): void;
  /** @returns how many bytes left at once; for the rest `onRequestSent` says it */
  sendData(stream: UpstreamStream, bytes: Uint8Array, start: number, end: number, endStream: boolean): number;
  /** So many bytes of the response are used: as many more may come. */
  consume(stream: UpstreamStream, count: number): void;
  reset(stream: UpstreamStream, code: number): void;
  /** No new streams; those open go on, for so long. */
  drain(timeoutMs: number): void;
  close(): void;
}

export interface UpstreamStream {
  user: UpstreamStreamOwner | undefined;
  readonly localEnded: boolean;
  readonly remoteEnded: boolean;
  readonly closed: boolean;
  /** Content that waits for the endpoint. */
  readonly queuedBytes: number;
}

/** What a stream to an endpoint tells the attempt that it is for: the stream's `user`. */
export interface UpstreamStreamOwner {
  onResponseHeaders(block: HeaderBlock, kind: HeaderKind, endStream: boolean): void;
  onResponseData(bytes: Buffer, start: number, end: number, endStream: boolean): void;
  /** Queued content of the request has left. */
  onRequestSent(bytes: number): void;
  onUpstreamReset(reset: StreamReset): void;
}

/** What a pool wants to know of a connection. */
export interface ConnectionListener {
  /** It takes calls. */
  onReady(): void;
  /** It takes more streams than before. */
  onCapacity(): void;
  /** It takes no more streams; those open go on. */
  onGoaway(): void;
  onClose(error: Error | undefined): void;
}
