import { ErrorCode, type Connection, type Stream } from '@evenly/http2';
import { lengthPrefixed, MessageReader } from './message-reader.ts';
import type { Peer } from './peer.ts';
import { responseHeaders, Status, statusBlock, StatusError, type StatusCode } from './status.ts';

/** What a method does with one call. */
export interface CallHandler {
  /** A message; its bytes are valid during the call. A StatusError that is thrown ends the call with it. */
  onMessage(bytes: Buffer): void;
  /** The client sends no more. */
  onHalfClose(): void;
  /** The call is over, whoever ended it. @param reason why it did not end in order; undefined: it did */
  onClose?(reason: string | undefined): void;
}

/** Is told what a handler threw that is no status: a fault of the program. */
export type OnFault = (error: unknown, call: ServerCall) => void;

export interface CallOptions {
  maxMessageBytes: number;
  onFault?: OnFault | undefined;
}

/** Why work of the largest holders of memory is refused. */
export const outOfMemory =
  'this server is short of memory, and this client holds much of it: try again later';

/** Node's timers take no more. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * One call, from its headers to its status. Answers that the client does not read wait in the stream; while any does,
 * the client's next messages wait too, and so does its credit to send more.
 */
export class ServerCall {
  readonly peer: Peer;
  readonly #connection: Connection<ServerCall>;
  readonly #stream: Stream<ServerCall>;
  readonly #messages: MessageReader;
  #handler: CallHandler | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #headersSent = false;
  #halfClosed = false;
  #closed = false;
  /** Bytes of the client that hold back its credit. */
  #withheld = 0;
  /** Bytes of half a message, as they are counted in the peer's share. */
  #counted = 0;
  readonly #onFault: OnFault | undefined;

  constructor(
    connection: Connection<ServerCall>,
    stream: Stream<ServerCall>,
    peer: Peer,
    options: CallOptions,
  ) {
    this.#connection = connection;
    this.#stream = stream;
    this.peer = peer;
    this.#messages = new MessageReader(options.maxMessageBytes);
    this.#onFault = options.onFault;
  }

  /** Nothing can be sent any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Bytes of answers that wait for the client. */
  get queuedBytes(): number {
    return this.#stream.queuedBytes;
  }

  /** Sends a message. */
  send(message: Uint8Array): void {
    this.sendPrefixed(lengthPrefixed(message));
  }

  /** Sends a message that has its length prefix. Its bytes are copied: they are the caller's again on return. */
  sendPrefixed(bytes: Uint8Array): void {
    if (this.#closed) return;
    if (!this.#headersSent) {
      this.#headersSent = true;
      this.#connection.sendHeaders(this.#stream, responseHeaders, false);
    }
    this.#connection.sendData(this.#stream, bytes, 0, bytes.length, false);
  }

  /** Gives what was sent to the socket now, not at the end of the event loop's turn. */
  flush(): void {
    this.#connection.flush();
  }

  /** Ends the call. What was sent before still arrives. */
  end(code: StatusCode = Status.OK, message = ''): void {
    if (this.#closed) return;
    this.#connection.sendHeaders(this.#stream, statusBlock(code, message, !this.#headersSent), true);
    // The rest of the request is not needed (RFC 9113 §8.1).
    if (!this.#stream.remoteEnded) this.#connection.reset(this.#stream, ErrorCode.NO_ERROR);
    this.#close(code === Status.OK ? undefined : message);
  }

  /** For the server: hands the call to its method. */
  start(open: (call: ServerCall) => CallHandler, deadlineMs: number | undefined): void {
    if (deadlineMs !== undefined) {
      const expire = () => this.end(Status.DEADLINE_EXCEEDED, 'the deadline passed');
      this.#deadline = setTimeout(expire, Math.min(deadlineMs, maxTimerMs));
    }
    this.#guard(() => {
      const handler = open(this);
      this.#handler = handler;
      // It may have ended the call at once.
      if (this.#closed) handler.onClose?.(undefined);
    });
  }

  /** For the server: content arrived. */
  receive(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (this.#closed) return;
    if (endStream) this.#halfClosed = true;
    this.#messages.add(bytes, start, end);
    this.#withheld += end - start;
    this.#read();
    this.#messages.keep();
    this.#count();
  }

  /** For the server: the client's headers ended the stream. */
  receiveEnd(): void {
    this.#halfClosed = true;
    this.#read();
  }

  /** For the server: bytes that waited have left. */
  sent(): void {
    if (!this.#closed && this.#stream.queuedBytes === 0) this.#read();
  }

  /** For the server: the stream is gone. */
  aborted(reason: string): void {
    this.#close(reason);
  }

  #read(): void {
    this.#guard(() => {
      while (!this.#closed && this.#stream.queuedBytes === 0) {
        const message = this.#messages.next();
        if (message === undefined) return this.#readAll();
        this.#handler?.onMessage(message);
      }
    });
  }

  /** All whole messages are read: there is room for more, or there will be none. */
  #readAll(): void {
    const count = this.#withheld;
    this.#withheld = 0;
    this.#connection.consume(this.#stream, count);
    if (!this.#halfClosed) return;
    if (this.#messages.buffered > 0) throw new StatusError(Status.INTERNAL, 'the last message is cut off');
    this.#halfClosed = false;
    this.#handler?.onHalfClose();
  }

  /** What is kept of a message whose rest has not come yet is held for the client like anything else. */
  #count(): void {
    const { memory } = this.peer;
    if (memory === undefined) return;
    const kept = this.#closed ? 0 : this.#messages.keptBytes;
    memory.add(kept - this.#counted);
    this.#counted = kept;
    if (kept > 0 && memory.refusesMore) this.end(Status.RESOURCE_EXHAUSTED, outOfMemory);
  }

  /** Runs a step of the handler: whatever it throws ends this call, and no other one of the connection. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (error instanceof StatusError) this.end(error.code, error.message);
      else this.fail(error);
    }
  }

  /** Ends the call for a fault of this server, which is told to whoever listens to faults; without anybody, thrown. */
  fail(error: unknown): void {
    this.end(Status.INTERNAL, 'a fault of this server ended the call');
    if (this.#onFault === undefined) throw error;
    this.#onFault(error, this);
  }

  #close(reason: string | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#deadline);
    this.#messages.clear();
    this.#count();
    this.#guard(() => this.#handler?.onClose?.(reason));
  }
}
