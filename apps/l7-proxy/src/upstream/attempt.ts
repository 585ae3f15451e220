import type { Host } from '@evenly/balancing';
import { ErrorCode, type HeaderBlock, type HeaderKind, type StreamReset } from '@evenly/http2';
import type { UpstreamConnection, UpstreamStream, UpstreamStreamOwner } from './connection.ts';
import type { EndpointPool } from './endpoint-pool.ts';

/** What an upstream connection tells the call that a stream belongs to. */
export interface AttemptOwner {
  onResponseHeaders(attempt: Attempt, block: HeaderBlock, kind: HeaderKind, endStream: boolean): void;
  onResponseData(attempt: Attempt, bytes: Buffer, start: number, end: number, endStream: boolean): void;
  onRequestSent(attempt: Attempt, bytes: number): void;
  onUpstreamReset(attempt: Attempt, reset: StreamReset): void;
}

/** One attempt of a call at one endpoint: the stream's `user`. */
export class Attempt implements UpstreamStreamOwner {
  readonly owner: AttemptOwner;
  readonly host: Host<EndpointPool>;
  readonly connection: UpstreamConnection;
  readonly stream: UpstreamStream;
  readonly startedAtMs: number;
  /** Bytes of the request's content that have left for the endpoint. */
  sentBytes = 0;
  /** It counts among the circuit breaker's retries. */
  hasRetryPlace = false;
  /** Its call hears of it no more. */
  ended = false;

  constructor(
    owner: AttemptOwner,
    host: Host<EndpointPool>,
    connection: UpstreamConnection,
    stream: UpstreamStream,
    startedAtMs: number,
  ) {
    this.owner = owner;
    this.host = host;
    this.connection = connection;
    this.stream = stream;
    this.startedAtMs = startedAtMs;
  }

  /**
   * Nothing more goes to the endpoint, be it on its way or queued here: after an early response the rest of the request is not
   * wanted (RFC 9113 §8.1). Where both sides have said all, there is nothing to cut off.
   */
  cutOff(): void {
    const { localEnded, remoteEnded, queuedBytes } = this.stream;
    const isDone = localEnded && remoteEnded && queuedBytes === 0;
    if (!isDone) this.connection.reset(this.stream, ErrorCode.CANCEL);
  }

  onResponseHeaders(block: HeaderBlock, kind: HeaderKind, endStream: boolean): void {
    this.owner.onResponseHeaders(this, block, kind, endStream);
  }

  onResponseData(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    this.owner.onResponseData(this, bytes, start, end, endStream);
  }

  onRequestSent(bytes: number): void {
    this.owner.onRequestSent(this, bytes);
  }

  onUpstreamReset(reset: StreamReset): void {
    this.owner.onUpstreamReset(this, reset);
  }
}
