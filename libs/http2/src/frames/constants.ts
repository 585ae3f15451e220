/** Frame types (RFC 9113 §6). */
export const FrameType = {
  DATA: 0x0,
  HEADERS: 0x1,
  PRIORITY: 0x2,
  RST_STREAM: 0x3,
  SETTINGS: 0x4,
  PUSH_PROMISE: 0x5,
  PING: 0x6,
  GOAWAY: 0x7,
  WINDOW_UPDATE: 0x8,
  CONTINUATION: 0x9,
} as const;

/** Frame flags (RFC 9113 §6). ACK and END_STREAM share a bit: they never meet on one frame type. */
export const Flag = {
  ACK: 0x1,
  END_STREAM: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

/** Identifiers in a SETTINGS frame (RFC 9113 §6.5.2). */
export const SettingId = {
  HEADER_TABLE_SIZE: 0x1,
  ENABLE_PUSH: 0x2,
  MAX_CONCURRENT_STREAMS: 0x3,
  INITIAL_WINDOW_SIZE: 0x4,
  MAX_FRAME_SIZE: 0x5,
  MAX_HEADER_LIST_SIZE: 0x6,
} as const;

/** Bytes of every frame's header (RFC 9113 §4.1). */
export const FRAME_HEADER_BYTES = 9;
/** Initial window of streams and of the connection, bytes (RFC 9113 §6.9.2). */
export const DEFAULT_WINDOW = 65_535;
/** Largest flow-control window, bytes (RFC 9113 §6.9.1). */
export const MAX_WINDOW = 0x7fff_ffff;
/** Largest stream identifier (RFC 9113 §5.1.1). */
export const MAX_STREAM_ID = 0x7fff_ffff;
/** Bounds of SETTINGS_MAX_FRAME_SIZE, bytes (RFC 9113 §6.5.2). */
export const MIN_MAX_FRAME_SIZE = 16_384;
export const MAX_MAX_FRAME_SIZE = 16_777_215;
/** What a client sends first (RFC 9113 §3.4). */
export const CLIENT_PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
