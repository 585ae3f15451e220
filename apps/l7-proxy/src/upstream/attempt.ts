import type { Host } from '@evenly/balancing';
import type { HeaderBlock, HeaderKind, StreamReset } from '@evenly/http2';
import type { UpstreamConnection, UpstreamStream, UpstreamStreamOwner } from './connect.ts';
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
