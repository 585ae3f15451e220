import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { MemoryShare } from '@evenly/http2';

/** So much is parsed at a time: no more requests than fit into it have begun to wait when one is found to have to. */
const sliceBytes = 1024;
/** What is read ahead of the parser, so that a client that goes is noticed while a call is under way. */
const maxHeldBytes = 262_144;
/** How often it is looked whether memory is free again. */
const scarceRetryMs = 100;
/** What a client still sends after its last answer is read and dropped for so long (RFC 9112 §9.6). */
const lingerMs = 2000;
/** A client that takes nothing of what is written for so long is given up, as one of HTTP/2 is. */
const unreadMs = 60_000;

export interface Http1ConnectionOptions {
  /** Who has sent more than is read ahead, behind a request that has no response, is not read any more: for so long. */
  pausedTimeoutMs: number;
  /** The same for an upload of which the endpoint takes nothing. */
  uploadStallTimeoutMs: number;
  /** Told when it ends because of these, or because it holds too much of the memory there is. */
  onFailed: (reason: string) => void;
}

/**
 * A client's socket as node:http is given it. node:http starts all requests of a pipeline (RFC 9112 §9.3.2) as soon as it
 * has read them, and tells those that wait for their answer nothing of the client's end. Here they take turns: the parser
 * gets no more bytes while a request waits, and whoever has begun one is told when the connection is gone.
 */
export class Http1Connection extends Duplex {
  readonly #socket: Socket;
  readonly #share: MemoryShare;
  readonly #options: Http1ConnectionOptions;
  /** Bytes read and not parsed. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** The parser takes more. */
  #wanted = false;
  #feeding = false;
  #busy = false;
  readonly #waiting: (() => void)[] = [];
  #pausedTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #unreadTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, share: MemoryShare, options: Http1ConnectionOptions) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.#share = share;
    this.#options = options;
    socket.on('data', (bytes: Buffer) => this.#received(bytes));
    // Half of a connection is none: a client that has ended is not waited for, nor is its call.
    socket.on('end', () => (this.#busy ? this.destroy() : this.push(null)));
    socket.on('timeout', () => this.emit('timeout'));
    socket.on('close', () => this.destroy());
  }

  /** Runs `start` when all requests before have been answered; never, if the connection ends first. */
  inTurn(start: () => void): void {
    if (this.#busy) return void this.#waiting.push(start);
    this.#busy = true;
    start();
  }

  /** The request whose turn it is has its whole response. */
  responded(): void {
    // It ends with this response: what waits is not begun (RFC 9112 §9.6).
    if (this.writableEnded || this.destroyed) return;
    this.#pausedTimer?.refresh();
    const next = this.#waiting.shift();
    if (next === undefined) this.#busy = false;
    else next();
    this.#feed();
  }

  setTimeout(ms: number): this {
    this.#socket.setTimeout(ms);
    return this;
  }

  override _read(): void {
    this.#wanted = true;
    this.#feed();
  }

  override _write(bytes: Buffer, encoding: BufferEncoding, done: () => void): void {
    // An error is followed by 'close'.
    const isTaken = this.#socket.write(bytes, encoding, () => this.#written(done));
    if (!isTaken) this.#watchReader();
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], done: () => void): void {
    this.#socket.cork();
    const { length } = chunks;
    chunks.forEach(({ chunk, encoding }, index) =>
      this.#socket.write(chunk, encoding, index === length - 1 ? () => this.#written(done) : undefined),
    );
    this.#socket.uncork();
    if (this.#socket.writableNeedDrain) this.#watchReader();
  }

  /** To close at once could cost the client the last answer, if it is still sending. */
  override _final(done: () => void): void {
    this.#socket.end(() => done());
    this.#drop();
    this.#wanted = false;
    this.#socket.resume();
    const timer = setTimeout(() => this.#socket.destroy(), lingerMs).unref();
    this.#socket.once('close', () => clearTimeout(timer));
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#drop();
    this.#waiting.length = 0;
    clearTimeout(this.#pausedTimer);
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#unreadTimer);
    this.#share.close();
    this.#socket.destroy();
    done(error);
  }

  #watchReader(): void {
    this.#unreadTimer ??= setTimeout(() => this.#fail('does not read its responses'), unreadMs).unref();
  }

  #written(done: () => void): void {
    clearTimeout(this.#unreadTimer);
    this.#unreadTimer = undefined;
    done();
  }

  #received(bytes: Buffer): void {
    if (this.writableEnded) return;
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    this.#share.add(bytes.length);
    this.#feed();
    if (this.destroyed) return;
    if (this.#memoryIsScarce) this.#waitForMemory(0);
    else if (this.#heldBytes >= maxHeldBytes) this.#pause();
  }

  #pause(): void {
    this.#socket.pause(); // from here on nobody sees whether the client is still there
    const { pausedTimeoutMs, uploadStallTimeoutMs } = this.#options;
    const [reason, ms] =
      this.#waiting.length > 0
        ? ['too much behind a request that has no response yet', pausedTimeoutMs]
        : ['the endpoint takes nothing of an upload', uploadStallTimeoutMs];
    clearTimeout(this.#pausedTimer);
    this.#pausedTimer = setTimeout(() => this.#fail(reason), ms).unref();
  }

  get #memoryIsScarce(): boolean {
    return this.#share.refusesMore || this.#share.budget.exhausted;
  }

  /**
   * Reads no more. What is held goes on to endpoints, and that memory is free again is told nobody, so that is
   * looked at; who still is one of the largest holders after a while is given up, for it may be gone.
   */
  #waitForMemory(waitedMs: number): void {
    this.#socket.pause();
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = undefined;
      const tooLong = waitedMs >= this.#options.pausedTimeoutMs && this.#share.refusesMore;
      if (tooLong) this.#fail('memory is scarce, and this client has most of it');
      else if (this.#memoryIsScarce) this.#waitForMemory(waitedMs + scarceRetryMs);
      else this.#readOn();
    }, scarceRetryMs).unref();
  }

  #readOn(): void {
    if (this.#heldBytes >= maxHeldBytes || this.#retryTimer !== undefined || !this.#socket.isPaused()) return;
    clearTimeout(this.#pausedTimer);
    this.#pausedTimer = undefined; // or the next answer would begin it anew
    this.#socket.resume();
  }

  #fail(reason: string): void {
    this.#options.onFailed(reason);
    this.destroy();
  }

  #feed(): void {
    if (this.#feeding) return;
    this.#feeding = true;
    while (this.#wanted && this.#waiting.length === 0 && this.#heldBytes > 0 && !this.writableEnded) {
      const first = this.#held[0]!;
      const slice = first.subarray(0, sliceBytes);
      if (slice.length === first.length) this.#held.shift();
      else this.#held[0] = first.subarray(sliceBytes);
      this.#heldBytes -= slice.length;
      this.#share.add(-slice.length);
      // `_read` says that more is wanted, now or later.
      this.#wanted = false;
      if (this.push(slice)) this.#wanted = true;
    }
    this.#feeding = false;
    this.#readOn();
  }

  #drop(): void {
    this.#held = [];
    this.#share.add(-this.#heldBytes);
    this.#heldBytes = 0;
  }
}
