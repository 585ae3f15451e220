/**
 * - `NAME_TAKEN`: two owners want a resource of the same type and name.
 * - `UNKNOWN_TYPE`: a client asks for a resource type that is not served.
 * - `TOO_MANY_NAMES`: a client subscribes to more names than the limit.
 */
export type XdsErrorCode = 'NAME_TAKEN' | 'UNKNOWN_TYPE' | 'TOO_MANY_NAMES';

export class XdsError extends Error {
  readonly code: XdsErrorCode;

  constructor(code: XdsErrorCode, message: string) {
    super(message);
    this.name = 'XdsError';
    this.code = code;
  }
}
