/**
 * - `NOT_FOUND`: the source was asked and says that the service does not exist.
 * - `UNREACHABLE`: the source gave no answer, or not a whole one.
 * - `NO_HEALTH_ANSWER`: no endpoint at all answered its health check; the trouble may as well be ours.
 * - `TOO_MANY`: more endpoints than the limit.
 */
export type DiscoveryErrorCode = 'NOT_FOUND' | 'UNREACHABLE' | 'NO_HEALTH_ANSWER' | 'TOO_MANY';

/** Why a source has no news. Its last good set stays valid. */
export class DiscoveryError extends Error {
  readonly code: DiscoveryErrorCode;

  constructor(code: DiscoveryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DiscoveryError';
    this.code = code;
  }
}
