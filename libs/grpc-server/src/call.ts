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

/** Node's timers take no more. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * One call, from its headers to its status. Answers that the client does not read wait in the stream; while any does,
 * the client's next messages wait too, and so does its credit to send more.
 */
export class ServerCall {
  readonly peer: Peer;
  readonly #connection: Connection;
  readonly #stream: Stream;
  readonly #messages: MessageReader;
  #handler: CallHandler | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #headersSent = false;
  #halfClosed = false;
  #closed = false;
  /** Bytes of the client that hold back its credit. */
  #withheld = 0;

  constructor(connection: Connection, stream: Stream, peer: Peer, maxMessageBytes: number) {
    this.#connection = connection;
    this.#stream = stream;
    this.peer = peer;
    this.#messages = new MessageReader(maxMessageBytes);
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

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      this.end(error.code, error.message);
    }
  }

  #close(reason: string | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#deadline);
    this.#handler?.onClose?.(reason);
  }
}
