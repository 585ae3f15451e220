/** HTTP/2 error codes (RFC 9113 §7), as they travel in RST_STREAM and GOAWAY. */
export const ErrorCode = {
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
} as const;

const names: readonly string[] = Object.keys(ErrorCode);

/** `'CANCEL'` for 8; `'UNKNOWN_255'` for a code that RFC 9113 does not name. */
export function errorCodeName(code: number): string {
  return names[code] ?? `UNKNOWN_${code}`;
}

/**
 * A connection error: the connection is lost. Stable `code`: `'H2_'` and the RFC's name,
 * e.g. `'H2_COMPRESSION_ERROR'`. `http2Code` is what the GOAWAY frame says.
 * Stream errors are not exceptions; they arrive as `onReset`.
 */
export class Http2Error extends Error {
  readonly code: string;
  readonly http2Code: number;

  constructor(http2Code: number, reason: string) {
    super(reason);
    this.name = 'Http2Error';
    this.http2Code = http2Code;
    this.code = `H2_${errorCodeName(http2Code)}`;
  }
}

/** The application called the engine in a way that would break the protocol (a bug in the caller). */
export class Http2UsageError extends Error {
  readonly code = 'H2_USAGE';

  constructor(reason: string) {
    super(reason);
    this.name = 'Http2UsageError';
  }
}
