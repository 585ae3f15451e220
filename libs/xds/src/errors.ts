/**
 * - `NAME_TAKEN`: two owners want a resource of the same type and name.
 * - `UNKNOWN_TYPE`: a client asks for a resource type that is not served, or not on this stream.
 * - `TOO_MANY_NAMES`: a client subscribes to more names than the limit, or to a name that is too long.
 * - `TOO_MANY_REQUESTS`: a client sends more requests in a second than the limit.
 * - `OUT_OF_MEMORY`: a client holds much, and there is not enough for more.
 * - `REPORT_TOO_LARGE`: a load report has more clusters or localities than the limit.
 */
export type XdsErrorCode =
  | 'NAME_TAKEN'
  | 'UNKNOWN_TYPE'
  | 'TOO_MANY_NAMES'
  | 'TOO_MANY_REQUESTS'
  | 'OUT_OF_MEMORY'
  | 'REPORT_TOO_LARGE';

export class XdsError extends Error {
  readonly code: XdsErrorCode;

  constructor(code: XdsErrorCode, message: string) {
    super(message);
    this.name = 'XdsError';
    this.code = code;
  }
}
