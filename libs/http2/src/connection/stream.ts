import type { SendQueue } from '../flow/send-queue.ts';

/**
 * One stream: a record, owned by its connection. Applications read it, and write `user` only.
 * It stays readable after it closed. `TUser` is the application's, see `Connection`.
 */
export class Stream<TUser = unknown> {
  readonly id: number;
  /** For the application: its record of the call, so that callbacks need no look-up. Undefined until it sets one. */
  user: TUser | undefined = undefined;
  /** Bytes the peer lets us send. May be negative (RFC 9113 §6.9.2). */
  sendWindow: number;
  /** Bytes the peer may send. */
  receiveWindow: number;
  /** Bytes handed to the application and not consumed. */
  heldBytes = 0;
  /** Bytes consumed and not announced by WINDOW_UPDATE. */
  credit = 0;
  /** We sent END_STREAM, or it waits in `queue`. */
  localEnded = false;
  /** The peer sent END_STREAM. */
  remoteEnded = false;
  /** Gone from the connection, by END_STREAM both ways or by reset. */
  closed = false;
  /** A final (not 1xx) header block arrived: what follows can only be trailers. */
  receivedFinal = false;
  /** We sent a final header block. */
  sentFinal = false;
  /** Content bytes still due by content-length, or -1. */
  contentLeft = -1;
  /** The request was HEAD: content-length in the answer announces nothing. */
  head = false;
  /** Counts against the limit of concurrent streams until released, closed or not. */
  held = false;
  /** Bytes of its header blocks, and what it takes by itself, as counted in the connection's share of the memory. */
  keptBytes = 0;
  /** 1xx responses that came. */
  informational = 0;
  /** RST_STREAM(NO_ERROR) follows the last queued byte. */
  resetAfterQueue = false;
  queue: SendQueue | undefined = undefined;

  constructor(id: number, sendWindow: number, receiveWindow: number) {
    this.id = id;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }

  /** Bytes of DATA that wait for the peer. */
  get queuedBytes(): number {
    return this.queue?.bytes ?? 0;
  }
}
