import type { Http2Error } from '../errors.ts';
import type { HeaderBlock, HeaderKind } from '../headers/block.ts';
import type { Stream } from './stream.ts';

/** How a stream ended before its time. */
export interface StreamReset {
  /** RFC 9113 §7 code: the peer's, or the one we sent. */
  readonly code: number;
  /**
   * `peer`: it sent RST_STREAM. `violation`: it broke the protocol on this stream. `limit`: a limit of ours.
   * `goaway`: the stream is above GOAWAY's last. `connection`: the connection is gone.
   */
  readonly cause: 'peer' | 'violation' | 'limit' | 'goaway' | 'connection';
  /** The peer provably did not process it (RFC 9113 §8.7), or never got it: safe to send again elsewhere. */
  readonly unprocessed: boolean;
  readonly reason: string;
}

/** What the peer said in SETTINGS (RFC 9113 §6.5.2). */
export interface PeerSettings {
  readonly headerTableSize: number;
  readonly initialWindowSize: number;
  readonly maxConcurrentStreams: number;
  readonly maxFrameSize: number;
  readonly maxHeaderListSize: number;
}

/** What the engine tells the application. Callbacks may call the connection back. */
export interface ConnectionEvents<TUser = unknown> {
  /** A complete, checked header block. */
  onHeaders(stream: Stream<TUser>, block: HeaderBlock, kind: HeaderKind, endStream: boolean): void;
  /**
   * Content: `bytes[start, end)`, valid only during the call (copy, or pass on with `sendData`). May be empty
   * when it ends the stream. Give credit back with `consume`.
   */
  onData(stream: Stream<TUser>, bytes: Buffer, start: number, end: number, endStream: boolean): void;
  /** The stream is over, not in order. Never called for a reset of the application's own. */
  onReset(stream: Stream<TUser>, reset: StreamReset): void;
  /** Queued bytes left: `bytes` less wait. Not called for bytes that `sendData` sent at once. */
  onDataSent?(stream: Stream<TUser>, bytes: number): void;
  /** Both sides ended in order, and everything has been written. */
  onStreamEnd?(stream: Stream<TUser>): void;
  /** The peer accepts no more streams; those above `lastStreamId` get `onReset` with cause `goaway`. */
  onGoaway?(lastStreamId: number, code: number, debug: string): void;
  onSettings?(settings: PeerSettings): void;
  /** A client's `open` that returned undefined may work now. */
  onCapacity?(): void;
  /** An answer to `ping`. */
  onPong?(roundTripMs: number): void;
  /** The connection is over (after `onReset` of all its streams). Undefined: in order. */
  onClose(error: Http2Error | undefined): void;
}

/** What the engine asks of whoever moves its bytes (`src/socket`, or a test). */
export interface Transport {
  /** There is output: call `takeOutput` before the event loop's turn ends. Said once until all is taken. */
  onOutput(): void;
  /** There is output that may wait so long for more; may be said several times. Without it: `onOutput` is called. */
  onPatientOutput?(withinMs: number): void;
  /** Nothing more will come: take the output that is left, then close; `failed`: soon, whether it is read or not. */
  onFinished(failed: boolean): void;
  /** Takes what there is now, without waiting for the end of the turn (`Connection.flush`). */
  flush?(): void;
}
