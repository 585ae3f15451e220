/**
 * A token bucket: `burst` events at once, refilled at `perSecond`. Every one guards against a frame that is cheap
 * to send and not to serve; crossing it ends the connection with ENHANCE_YOUR_CALM.
 */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** A token bucket of bytes; besides, what a peer sends is worth so many `times` as much. */
export interface Expansion extends Rate {
  readonly times: number;
}

/** Everything a peer may make us hold or do. The README has the table with reasons. */
export interface Limits {
  /** Streams the peer may have open, counting those it has reset while work for them still runs (`hold`). */
  readonly maxConcurrentStreams: number;
  /** Bytes of one header block as it travels, over all its frames; above it the stream is refused. */
  readonly maxHeaderBlockBytes: number;
  /** Bytes of one decoded block: names, values and 32 per field (SETTINGS_MAX_HEADER_LIST_SIZE). */
  readonly maxHeaderListBytes: number;
  /** Fields of one block. */
  readonly maxHeaderFields: number;
  /** CONTINUATION frames of one block; above it the stream is refused. */
  readonly maxContinuationFrames: number;
  /** So many times the two limits above end the connection; until then a block is decoded, for the table's sake. */
  readonly refusedBlockTimes: number;
  /** Bytes of decoded blocks: indexed fields become hundreds of times what came in, and a forwarder sends that on. */
  readonly expansion: Expansion;
  /** 1xx responses on one stream. */
  readonly maxInformational: number;
  /**
   * RST_STREAM frames received, and those we had to send for refused or malformed streams. Each stream of the peer's that
   * ends in order allows one more, and what it resets of ours, once a stream, does not count.
   */
  readonly resets: Rate;
  /** PING frames; every DATA frame sent allows one more (peers measure bandwidth with pings). */
  readonly pings: Rate;
  readonly settings: Rate;
  /** PRIORITY frames and frames of unknown type: both do nothing. */
  readonly priorities: Rate;
  /** DATA frames without content, or with more padding than content, that do not end the stream. */
  readonly emptyFrames: Rate;
  /** WINDOW_UPDATE frames; every DATA frame sent allows ten more. */
  readonly windowUpdates: Rate;
  /** DATA frames below 64 bytes that we send because the peer's window allows no more (data dribble). */
  readonly tinyData: Rate;
  /** Bytes received and not yet consumed by the application, per connection; above it, connection credit waits. */
  readonly maxHeldBytes: number;
  /** Bytes of DATA waiting in one stream for the peer's window or its reading; above it the stream is reset. */
  readonly maxQueuedBytesPerStream: number;
  /** Bytes of frames written that the transport does not take; above it the connection ends. Four times in one turn. */
  readonly maxUnsentBytes: number;
  /** From connecting to the peer's first SETTINGS, and from a header block's first byte to its last. 0: off. */
  readonly headerTimeoutMs: number;
  /** For the answer to our SETTINGS. 0: off. */
  readonly settingsTimeoutMs: number;
  /** A connection without streams is drained after this long. 0: off. */
  readonly idleTimeoutMs: number;
  /** Queued DATA that makes no progress for this long resets its stream. 0: off. */
  readonly streamStallTimeoutMs: number;
  /** A transport that takes nothing for this long ends the connection. 0: off. */
  readonly writeStallTimeoutMs: number;
  /**
   * The same while more than `maxStalledBytes` wait for it; and, while half of the `MemoryBudget` is used, for DATA that
   * waits for the peer's windows. 0: off.
   */
  readonly fullStallTimeoutMs: number;
  /** Bytes of frames and of queued DATA, all streams, that a peer which reads nothing may keep waiting for longer. */
  readonly maxStalledBytes: number;
  /** An empty SETTINGS after this long without a byte from the peer since HEADERS or DATA were sent. 0: off. */
  readonly probeAfterMs: number;
  /** For any byte after that. */
  readonly probeTimeoutMs: number;
  /** A PING after this long without a byte from the peer, while streams are open. 0: off. */
  readonly keepaliveIntervalMs: number;
  /** For the answer to a keepalive PING. */
  readonly keepaliveTimeoutMs: number;
  /** A peer whose bytes come at least so often is in the middle of something: more output to it is soon due. */
  readonly busyPauseMs: number;
  /** How long the answer to a busy peer's PING may wait for other output to leave with. See `ping.ts`. */
  readonly pingPatienceMs: number;
}

export const defaultLimits: Limits = {
  maxConcurrentStreams: 100,
  maxHeaderBlockBytes: 65_536,
  maxHeaderListBytes: 61_440,
  maxHeaderFields: 100,
  maxContinuationFrames: 8,
  refusedBlockTimes: 4,
  expansion: { burst: 8_388_608, perSecond: 2_097_152, times: 64 },
  maxInformational: 8,
  resets: { burst: 1000, perSecond: 100 },
  pings: { burst: 1000, perSecond: 100 },
  settings: { burst: 100, perSecond: 10 },
  priorities: { burst: 1000, perSecond: 100 },
  emptyFrames: { burst: 100, perSecond: 10 },
  windowUpdates: { burst: 2000, perSecond: 1000 },
  tinyData: { burst: 1000, perSecond: 100 },
  maxHeldBytes: 4_194_304,
  maxQueuedBytesPerStream: 16_777_216,
  maxUnsentBytes: 2_097_152,
  headerTimeoutMs: 10_000,
  settingsTimeoutMs: 10_000,
  idleTimeoutMs: 3_600_000,
  streamStallTimeoutMs: 300_000,
  writeStallTimeoutMs: 60_000,
  fullStallTimeoutMs: 10_000,
  maxStalledBytes: 1_048_576,
  probeAfterMs: 0,
  probeTimeoutMs: 10_000,
  keepaliveIntervalMs: 0,
  keepaliveTimeoutMs: 20_000,
  busyPauseMs: 5,
  pingPatienceMs: 25,
};

/** What we tell the peer about ourselves in SETTINGS, and the connection's window. */
export interface LocalSettings {
  /** Bytes of the peer's compression table that we keep. */
  readonly headerTableSize: number;
  /** Window of each stream, bytes: what we hold per stream for a slow receiver. */
  readonly initialWindowSize: number;
  /** Window of the connection, bytes; not below 65,535. */
  readonly connectionWindowSize: number;
  /** Largest frame we accept, bytes: 16,384 to 16,777,215. */
  readonly maxFrameSize: number;
  /** Bytes of compression table we use towards the peer, if it allows as much. */
  readonly encoderTableSize: number;
}

export const defaultSettings: LocalSettings = {
  headerTableSize: 4_096,
  initialWindowSize: 262_144,
  connectionWindowSize: 1_048_576,
  maxFrameSize: 16_384,
  encoderTableSize: 4_096,
};
