import { ErrorCode, Http2Error } from '../errors.ts';
import { DEFAULT_WINDOW, MAX_STREAM_ID, MIN_MAX_FRAME_SIZE } from '../frames/constants.ts';
import { FrameWriter } from '../frames/writer.ts';
import { HeaderBlock } from '../headers/block.ts';
import { BlockMemo, hashBytes } from '../headers/memo.ts';
import { Decoder, type DecodeLimits } from '../hpack/decoder.ts';
import { Encoder } from '../hpack/encoder.ts';
import type { ByteWriter } from '../hpack/bytes.ts';
import type { Limits, LocalSettings } from '../limits.ts';
import type { MemoryShare } from '../memory/share.ts';
import { type ClosedBy, ClosedStreams } from './closed-streams.ts';
import type { ConnectionEvents, PeerSettings, StreamReset, Transport } from './events.ts';
import { FloodGuard } from './flood-guard.ts';
import { countMemo, countUnsent, forgetBlocks, memoLimit } from './held-memory.ts';
import type { Stream } from './stream.ts';
import { StreamTable } from './stream-table.ts';

export type Role = 'client' | 'server';

/** Of `maxUnsentBytes`, what one turn of the event loop may write to a peer that reads. */
const UNSENT_TIMES_IN_A_TURN = 4;

/** What holds for a peer that has said nothing else yet (RFC 9113 §6.5.2). */
const initialPeerSettings: PeerSettings = {
  headerTableSize: 4096,
  initialWindowSize: DEFAULT_WINDOW,
  maxConcurrentStreams: 0xffff_ffff,
  maxFrameSize: MIN_MAX_FRAME_SIZE,
  maxHeaderListSize: 0xffff_ffff,
};

const nobody: ReadonlySet<never> = new Set<never>();

/** What a PING of ours is for. */
export type PingPurpose = 'keepalive' | 'drain' | 'application';

/** A header block of which CONTINUATION frames are still due. */
export interface OpenBlock {
  readonly streamId: number;
  readonly endStream: boolean;
  /** The HEADERS frame made its stream depend on itself. */
  readonly selfDependent: boolean;
  readonly bytes: ByteWriter;
  readonly sinceMs: number;
  continuations: number;
}

/**
 * The state of a connection, shared by the files of this folder. Each of them handles one concern as plain
 * functions over it; applications see `Connection` only.
 */
export class Core<TUser = unknown> {
  readonly role: Role;
  readonly limits: Limits;
  readonly settings: LocalSettings;
  readonly memory: MemoryShare | undefined;
  /** The same for content; undefined where the other side of a forwarder counts it. */
  readonly contentMemory: MemoryShare | undefined;
  readonly events: ConnectionEvents<TUser>;
  readonly transport: Transport;
  readonly flood: FloodGuard;
  readonly writer = new FrameWriter();
  readonly decoder = new Decoder();
  readonly encoder: Encoder;
  readonly memo = new BlockMemo();
  readonly decodeLimits: DecodeLimits;
  readonly streams = new StreamTable<TUser>();
  readonly closedStreams = new ClosedStreams();
  /** The caller's clock at its last call. */
  nowMs: number;
  closed = false;

  // Sending
  sendWindow = DEFAULT_WINDOW;
  peer = initialPeerSettings;
  /** False while the transport has not drained what it was given. */
  writable = true;
  unwritableSinceMs = 0;
  /** Streams with a queue, in the order in which they get their turn. Undefined until the first has one. */
  private waitingStreams: Set<Stream<TUser>> | undefined = undefined;
  outputSignalled = false;
  /** A stream was not opened because too much output waits: `onCapacity` is due. */
  openRefused = false;
  /** Bytes that the transport has taken and maybe not sent. */
  inTransport = 0;
  /** Of `memory`: see `held-memory.ts`. */
  countedUnsent = 0;
  countedInput = 0;
  countedMemo = 0;

  // Receiving
  receiveWindow = DEFAULT_WINDOW;
  /** The initial window that binds the peer: ours once it acknowledged our SETTINGS. */
  localInitialWindow = DEFAULT_WINDOW;
  /** Connection credit to announce with the next WINDOW_UPDATE. */
  credit = 0;
  /** Credit kept back because the application holds too much. */
  withheldCredit = 0;
  heldBytes = 0;
  openBlock: OpenBlock | undefined;

  // Streams
  lastPeerStreamId = 0;
  nextOwnStreamId: number;
  /** The highest own stream whose HEADERS the transport took. */
  takenStreamId = 0;
  openPeerStreams = 0;
  openOwnStreams = 0;
  /** Closed streams whose work still runs (`hold`). */
  heldClosedStreams = 0;

  // Life of the connection
  settingsReceived = false;
  /** A server's SETTINGS have not left yet. */
  setUpIsDue = false;
  settingsAcknowledged = false;
  readonly startedAtMs: number;
  lastReceivedAtMs: number;
  /** Between the last bytes of the peer's and those before. */
  receivePauseMs = Infinity;
  partialSinceMs = 0;
  idleSinceMs: number;
  /** Last stream identifier of the peer's GOAWAY, or -1. */
  goawayReceived = -1;
  /** Last stream identifier of our final GOAWAY, or -1. */
  goawaySent = -1;
  draining = false;
  drainDeadlineMs = 0;
  pingSentAtMs = 0;
  /** Since when HEADERS or DATA of ours wait for any byte of the peer's; 0: they do not. See `probe.ts`. */
  silentSinceMs = 0;
  /** When the peer was asked for a sign of life; 0: it was not. */
  probedAtMs = 0;
  probeIsLate = false;
  pingOutstanding: 'none' | PingPurpose = 'none';

  constructor(
    role: Role,
    events: ConnectionEvents<TUser>,
    transport: Transport,
    limits: Limits,
    settings: LocalSettings,
    memory: MemoryShare | undefined,
    countsContent: boolean,
    nowMs: number,
  ) {
    this.role = role;
    this.events = events;
    this.transport = transport;
    this.limits = limits;
    this.settings = settings;
    this.memory = memory;
    this.contentMemory = countsContent ? memory : undefined;
    this.nowMs = nowMs;
    this.startedAtMs = nowMs;
    this.lastReceivedAtMs = nowMs;
    this.idleSinceMs = nowMs;
    this.flood = new FloodGuard(limits, nowMs);
    this.encoder = new Encoder(settings.encoderTableSize);
    this.decodeLimits = { maxFields: limits.maxHeaderFields, maxListBytes: limits.maxHeaderListBytes };
    this.nextOwnStreamId = role === 'client' ? 1 : 2;
  }

  /** Tells the transport once that there is output. Every public entry point ends with it, so it sees every write. */
  signalOutput(): void {
    const { pending } = this.writer;
    if (pending === 0) return;
    if (!this.writable) countUnsent(this);
    if (pending > this.limits.maxUnsentBytes) this.checkUnsent(pending);
    if (this.outputSignalled) return;
    if (
      pending === this.writer.patientBytes &&
      this.mayWait &&
      this.transport.onPatientOutput !== undefined
    ) {
      this.transport.onPatientOutput(this.limits.pingPatienceMs);
      return;
    }
    this.outputSignalled = true;
    this.transport.onOutput();
  }

  /** Whether output that is patient may wait for other output. */
  private get mayWait(): boolean {
    // On a connection that rests, waiting would cost a wake-up and save nothing.
    if (this.receivePauseMs >= this.limits.busyPauseMs) return false;
    // A client that waits with its calls for our SETTINGS gets them at once; one that calls already gets them with the answer.
    if (this.setUpIsDue && this.openPeerStreams === 0) return false;
    // Where DATA waits for the peer's windows, the peer measures how large they should be.
    return this.waiting.size === 0;
  }

  /**
   * Output that the peer does not read may not pile up (CVE-2019-9512, 9515, 9517), whoever caused it: the peer by what it
   * asks, or the other side of a forwarder by what it answers. A peer that has read everything so far may get more in
   * one turn, for nobody could have read it yet.
   */
  private checkUnsent(pending: number): void {
    const { maxUnsentBytes } = this.limits;
    if (this.writable && pending <= maxUnsentBytes * UNSENT_TIMES_IN_A_TURN) return;
    this.fail(new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, 'the peer does not read what is sent to it'));
  }

  /** The block that `bytes[start, end)` means; undefined when it is larger than allowed. */
  decode(bytes: Buffer, start: number, end: number): HeaderBlock | undefined {
    const hash = hashBytes(bytes, start, end);
    const version = this.decoder.version;
    const known = this.memo.find(bytes, start, end, hash, version);
    if (known !== undefined) return known;
    const { maxHeaderBlockBytes } = this.limits;
    const { fields, listBytes, tooLarge } = this.decoder.decode(bytes, start, end, this.decodeLimits);
    if (tooLarge || end - start > maxHeaderBlockBytes) return undefined;
    // Only a block that left the table alone means the same the next time.
    const reusable = version === this.decoder.version && this.memo.isRepeated(hash, end - start);
    const block = new HeaderBlock(fields, listBytes, reusable);
    if (reusable) this.memo.keep(bytes, start, end, hash, block, memoLimit(this));
    countMemo(this);
    return block;
  }

  get waiting(): ReadonlySet<Stream<TUser>> {
    return this.waitingStreams ?? nobody;
  }

  /** Puts a stream at the end of those that wait. */
  wait(stream: Stream<TUser>): void {
    const waiting = (this.waitingStreams ??= new Set());
    waiting.delete(stream);
    waiting.add(stream);
  }

  waitNoMore(stream: Stream<TUser>): void {
    this.waitingStreams?.delete(stream);
  }

  isOwn(streamId: number): boolean {
    return (streamId & 1) === (this.role === 'client' ? 1 : 0);
  }

  /** Never opened (RFC 9113 §5.1, "idle"). */
  isIdle(streamId: number): boolean {
    return this.isOwn(streamId) ? streamId >= this.nextOwnStreamId : streamId > this.lastPeerStreamId;
  }

  addStream(stream: Stream<TUser>): void {
    this.streams.add(stream);
    if (this.isOwn(stream.id)) this.openOwnStreams++;
    else this.openPeerStreams++;
  }

  /** Takes a stream out of all books. Idempotent. */
  closeStream(stream: Stream<TUser>, by: ClosedBy): void {
    if (stream.closed) return;
    stream.closed = true;
    this.streams.delete(stream.id);
    this.closedStreams.add(stream.id, by);
    this.addHeldBytes(-stream.heldBytes);
    stream.heldBytes = 0;
    if (stream.queue !== undefined) {
      this.waitNoMore(stream);
      this.contentMemory?.add(-stream.queue.bytes);
      stream.queue.clear();
      stream.queue = undefined;
    }
    if (!stream.held) forgetBlocks(this, stream);
    if (this.streams.size === 0) this.idleSinceMs = this.nowMs;
    if (!this.isOwn(stream.id)) {
      this.openPeerStreams--;
      if (stream.held) this.heldClosedStreams++;
    } else if (this.openOwnStreams-- >= this.peer.maxConcurrentStreams) {
      this.events.onCapacity?.();
    }
    this.closeIfDrained();
  }

  /** Closes a stream whose two sides have ended. */
  endIfDone(stream: Stream<TUser>): void {
    if (!stream.localEnded || !stream.remoteEnded || stream.queue !== undefined || stream.closed) return;
    this.closeStream(stream, 'end');
    this.flood.streamEnded();
    this.events.onStreamEnd?.(stream);
  }

  /** Counts bytes that the application holds. */
  addHeldBytes(count: number): void {
    this.heldBytes += count;
    this.contentMemory?.add(count);
  }

  /** Sends RST_STREAM and closes. The application is not told: see `violateStream`. */
  resetStream(stream: Stream<TUser>, code: number): void {
    if (stream.closed) return;
    this.writer.rstStream(stream.id, code);
    this.closeStream(stream, 'local-reset');
  }

  /** A connection error (RFC 9113 §5.4.1): GOAWAY, then the end. */
  fail(error: Http2Error): void {
    if (this.closed) return;
    this.writer.goaway(this.lastPeerStreamId, error.http2Code, error.message);
    this.finish(error);
  }

  /** Ends everything. What has been written may still be taken. */
  finish(error: Http2Error | undefined): void {
    if (this.closed) return;
    this.closed = true;
    const code = error?.http2Code ?? ErrorCode.NO_ERROR;
    const reason = error?.message ?? 'connection closed';
    for (const stream of this.streams.values()) {
      const unprocessed = this.isOwn(stream.id) && stream.id > this.takenStreamId;
      this.closeStream(stream, undefined);
      this.events.onReset(stream, { code, cause: 'connection', unprocessed, reason } satisfies StreamReset);
    }
    this.memory?.close();
    this.events.onClose(error);
    this.signalOutput();
    this.transport.onFinished(error !== undefined);
  }

  /** After GOAWAY in either direction the connection ends with its last stream. */
  closeIfDrained(): void {
    if (this.closed || this.streams.size > 0) return;
    if (this.goawaySent < 0 && this.goawayReceived < 0) return;
    if (this.goawaySent < 0) this.writer.goaway(this.lastPeerStreamId, ErrorCode.NO_ERROR, '');
    this.finish(undefined);
  }

  /** No stream can be opened by us now, or ever on this connection. */
  canOpen(): boolean {
    return !this.closed && !this.draining && this.goawayReceived < 0 && this.nextOwnStreamId <= MAX_STREAM_ID;
  }
}
