import type { Host } from '@evenly/balancing';
import type { Connection, HeaderBlock, HeaderKind, Stream, StreamReset } from '@evenly/http2';
import type { EndpointPool } from './endpoint-pool.ts';

/** What an upstream connection tells the call that a stream belongs to. */
export interface AttemptOwner {
  onResponseHeaders(attempt: Attempt, block: HeaderBlock, kind: HeaderKind, endStream: boolean): void;
  onResponseData(attempt: Attempt, bytes: Buffer, start: number, end: number, endStream: boolean): void;
  onRequestSent(attempt: Attempt, bytes: number): void;
  onUpstreamReset(attempt: Attempt, reset: StreamReset): void;
}

/** One try of a call at one endpoint: the stream's `user`. */
export class Attempt {
  readonly owner: AttemptOwner;
  readonly host: Host<EndpointPool>;
  readonly connection: Connection;
  readonly stream: Stream;
  readonly startedAtMs: number;
  /** Bytes of the request's content that have left for the endpoint. */
  sentBytes = 0;
  /** Its call hears of it no more. */
  ended = false;

  constructor(
    owner: AttemptOwner,
    host: Host<EndpointPool>,
    connection: Connection,
    stream: Stream,
    startedAtMs: number,
  ) {
    this.owner = owner;
    this.host = host;
    this.connection = connection;
    this.stream = stream;
    this.startedAtMs = startedAtMs;
  }
}
