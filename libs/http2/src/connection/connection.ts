import { ErrorCode, Http2Error } from '../errors.ts';
import type { HeaderBlock } from '../headers/block.ts';
import type { HeaderField } from '../headers/field.ts';
import { defaultLimits, defaultSettings, type Limits, type LocalSettings } from '../limits.ts';
import type { MemoryShare } from '../memory/share.ts';
import { Core, type Role } from './core.ts';
import { consume } from './credit.ts';
import { drain } from './drain.ts';
import type { ConnectionEvents, PeerSettings, Transport } from './events.ts';
import { countUnsent, forgetBlocks } from './held-memory.ts';
import { sendPing } from './ping.ts';
import { Receiver } from './receive.ts';
import { openStream, outputIsFull, pump, resetByApplication, sendData, sendHeaders } from './send.ts';
import { sendPreface } from './settings.ts';
import type { Stream } from './stream.ts';
import { checkTimeouts, nextTimeout } from './timeouts.ts';

export interface ConnectionOptions<TUser = unknown> {
  readonly role: Role;
  readonly events: ConnectionEvents<TUser>;
  readonly transport: Transport;
  /** The clock at the start, ms. Any origin above 0, never going back. */
  readonly nowMs: number;
  readonly limits?: Partial<Limits>;
  readonly settings?: Partial<LocalSettings>;
  /** Where what it holds for its peer is counted, and who says when that is too much. Closed with the connection. */
  readonly memory?: MemoryShare;
  /**
   * Whether content counts there, default true. False on one side of a forwarder: what is passed on is held once, and
   * should count for the client, whichever way it goes.
   */
  readonly countsContent?: boolean;
}

const allLimits = new WeakMap<Partial<Limits>, Limits>();
const allSettings = new WeakMap<Partial<LocalSettings>, LocalSettings>();

/** Made once of what many connections are given. */
function withDefaults<T extends object>(
  known: WeakMap<Partial<T>, T>,
  defaults: T,
  given: Partial<T> | undefined,
): T {
  if (given === undefined) return defaults;
  let all = known.get(given);
  if (all === undefined) known.set(given, (all = { ...defaults, ...given }));
  return all;
}

/**
 * One HTTP/2 connection (RFC 9113), client or server, without socket, timer or clock: give it bytes with `receive`
 * and time with `tick`; it calls `events` for the application and collects bytes for `takeOutput`.
 * `TUser` is what the application knows of a stream: what it keeps in the stream's `user`.
 */
export class Connection<TUser = unknown> {
  private readonly core: Core<TUser>;
  private readonly receiver: Receiver;

  constructor(options: ConnectionOptions<TUser>) {
    const limits = withDefaults(allLimits, defaultLimits, options.limits);
    const settings = withDefaults(allSettings, defaultSettings, options.settings);
    const { role, events, transport, memory, countsContent = true, nowMs } = options;
    this.core = new Core(role, events, transport, limits, settings, memory, countsContent, nowMs);
    this.receiver = new Receiver(this.core);
    sendPreface(this.core);
  }

  get closed(): boolean {
    return this.core.closed;
  }

  /** Streams open now. */
  get streamCount(): number {
    return this.core.streams.size;
  }

  /** Bytes handed to the application and not consumed, all streams. */
  get heldBytes(): number {
    return this.core.heldBytes;
  }

  /** Bytes of output not taken yet. */
  get unsentBytes(): number {
    return this.core.writer.pending;
  }

  get peerSettings(): PeerSettings {
    return this.core.peer;
  }

  /** What it is counted in. */
  get memory(): MemoryShare | undefined {
    return this.core.memory;
  }

  /** Streams that `open` would grant now. 0 for ever once GOAWAY came, `drain` was called, or identifiers ran out. */
  get availableStreams(): number {
    if (!this.core.canOpen()) return 0;
    if (outputIsFull(this.core)) return 0;
    return Math.max(0, this.core.peer.maxConcurrentStreams - this.core.openOwnStreams);
  }

  /** True while streams are not opened because the peer does not read; another connection to it would not help. */
  get isBlocked(): boolean {
    return outputIsFull(this.core);
  }

  /** True when the connection will never grant a stream again, and another should take its place. */
  get exhausted(): boolean {
    return !this.core.canOpen();
  }

  /** Bytes from the peer. Their memory is the caller's again when it returns. */
  receive(bytes: Uint8Array, nowMs: number): void {
    const core = this.core;
    if (core.closed) return;
    core.nowMs = nowMs;
    const chunk = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    try {
      this.receiver.receive(chunk);
    } catch (error) {
      this.failWith(error);
    }
    core.signalOutput();
  }

  /**
   * Time passed. Call about once a second.
   * @returns when to call it next, if the connection is not used until then; Infinity: not before that
   */
  tick(nowMs: number): number {
    const core = this.core;
    if (core.closed) return Infinity;
    core.nowMs = nowMs;
    this.guard(() => checkTimeouts(core));
    core.signalOutput();
    return nextTimeout(core);
  }

  /** The next bytes to send, or undefined. Call until undefined; valid until `outputDone`. */
  takeOutput(): Uint8Array | undefined {
    const core = this.core;
    let bytes = core.writer.take();
    if (bytes === undefined) {
      core.outputSignalled = false;
      core.takenStreamId = core.nextOwnStreamId - 2;
      // There is room again for DATA, and streams, that were kept back to keep output short.
      if (core.waiting.size > 0) this.guard(() => pump(core));
      if (core.openRefused && core.writable) {
        core.openRefused = false;
        core.events.onCapacity?.();
      }
      bytes = core.writer.take();
    }
    if (bytes !== undefined) {
      core.setUpIsDue = false;
      core.inTransport += bytes.length;
    }
    return bytes;
  }

  /** The writer has copied all bytes taken so far: their memory may be used again. */
  outputDone(): void {
    const core = this.core;
    core.writer.recycle();
    core.inTransport = 0;
    countUnsent(core);
  }

  /** Whether the transport is drained. While it is not, DATA waits in its stream. */
  setWritable(writable: boolean): void {
    const core = this.core;
    if (core.writable === writable) return;
    core.writable = writable;
    core.unwritableSinceMs = core.nowMs;
    countUnsent(core);
    if (writable) this.guard(() => pump(core));
    core.signalOutput();
  }

  /** The transport is gone: every open stream gets `onReset` with cause `connection`, then `onClose`. */
  transportClosed(reason = 'transport closed'): void {
    const core = this.core;
    core.writer.clear();
    core.inTransport = 0;
    // A client whose server never came to speak has something to tell: refused, a certificate that is not trusted.
    const neverReady = core.role === 'client' && !core.settingsReceived;
    const orderly = core.streams.size === 0 && !neverReady;
    core.finish(orderly ? undefined : new Http2Error(ErrorCode.INTERNAL_ERROR, reason));
  }

  /**
   * Opens a stream (client). `extra` fields are appended without being memoised: for what differs with every
   * call. Undefined: see `availableStreams`; `onCapacity` says when to try again.
   */
  open(block: HeaderBlock, endStream: boolean, extra?: readonly HeaderField[]): Stream<TUser> | undefined {
    const stream = openStream(this.core, block, endStream, extra);
    this.core.signalOutput();
    return stream;
  }

  /** Sends response headers, a 1xx, or (with `endStream`) trailers, after DATA that still waits. */
  sendHeaders(
    stream: Stream<TUser>,
    block: HeaderBlock,
    endStream: boolean,
    extra?: readonly HeaderField[],
  ): void {
    sendHeaders(this.core, stream, block, endStream, extra);
    this.core.signalOutput();
  }

  /**
   * Sends `bytes[start, end)`, copied; returns how many bytes left at once. The rest is queued, and `onDataSent`
   * says when it leaves. A forwarder gives that much credit back to where the bytes came from.
   */
  sendData(stream: Stream<TUser>, bytes: Uint8Array, start: number, end: number, endStream: boolean): number {
    const core = this.core;
    let sent = end - start;
    try {
      sent = sendData(core, stream, bytes, start, end, endStream);
    } catch (error) {
      this.failWith(error);
    }
    core.signalOutput();
    return sent;
  }

  /**
   * Gives output to the transport now instead of at the end of the turn. For those who write to many connections in one
   * turn: else the output of all of them is held at the same time.
   */
  flush(): void {
    this.core.transport.flush?.();
  }

  /** `count` bytes from `onData` are used or passed on: the peer may send as many more. */
  consume(stream: Stream<TUser>, count: number): void {
    consume(this.core, stream, count);
    this.core.signalOutput();
  }

  /**
   * Ends a stream at once (RST_STREAM). NO_ERROR, for a complete answer when the rest of the request is not needed,
   * waits until the answer has left.
   */
  reset(stream: Stream<TUser>, code: number): void {
    resetByApplication(this.core, stream, code);
    this.core.signalOutput();
  }

  /** Work for this stream runs elsewhere: it counts against the limit of streams until `release`, even when reset. */
  hold(stream: Stream<TUser>): void {
    if (!stream.closed) stream.held = true;
  }

  /** The work for a held stream has ended. */
  release(stream: Stream<TUser>): void {
    if (!stream.held) return;
    stream.held = false;
    if (!stream.closed) return;
    this.core.heldClosedStreams--;
    forgetBlocks(this.core, stream);
  }

  /** Asks the peer for a sign of life; `onPong` has the time. False while another PING is on its way. */
  ping(): boolean {
    const core = this.core;
    if (core.closed || core.pingOutstanding !== 'none') return false;
    sendPing(core, 'application');
    core.signalOutput();
    return true;
  }

  /** Ends in order: no new streams, open ones finish; after `timeoutMs` it closes whatever is left. */
  drain(timeoutMs: number): void {
    drain(this.core, timeoutMs);
    this.core.signalOutput();
  }

  /** Ends now with GOAWAY(code). */
  close(code: number = ErrorCode.NO_ERROR, reason = ''): void {
    const core = this.core;
    if (core.closed) return;
    core.writer.goaway(core.lastPeerStreamId, code, reason);
    core.finish(code === ErrorCode.NO_ERROR ? undefined : new Http2Error(code, reason));
  }

  private guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.failWith(error);
    }
  }

  /** A connection error ends the connection; any other error is the application's own and goes on to it. */
  private failWith(error: unknown): void {
    if (!(error instanceof Http2Error)) throw error;
    this.core.fail(error);
  }
}
