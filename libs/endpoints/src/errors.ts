/**
 * - `NOT_FOUND`: the source was asked and says that the service does not exist.
 * - `UNREACHABLE`: the source gave no answer, or not a whole one.
 * - `INVALID`: the source answered what cannot be used: a truncated or looping DNS answer, a watch that speaks HTML, a
 *   file with faults.
 * - `UNAUTHORIZED`: the Kubernetes API server does not know who asks (401).
 * - `FORBIDDEN`: the Kubernetes API server refuses (403); the message names the RBAC rule that is missing.
 * - `NO_PORT`: the service has endpoints, but none has the port that was asked for.
 * - `NO_HEALTH_ANSWER`: no endpoint at all answered its health check; the trouble may as well be ours.
 * - `TOO_MANY`: more endpoints than the limit.
 * - `BAD_CONFIG`: an option or a kubeconfig that cannot be used. Thrown, where it is not found out only at work.
 */
export type DiscoveryErrorCode =
  | 'NOT_FOUND'
  | 'UNREACHABLE'
  | 'INVALID'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NO_PORT'
  | 'NO_HEALTH_ANSWER'
  | 'TOO_MANY'
  | 'BAD_CONFIG';

/** Why a source has no update. Its last good set stays valid. */
export class DiscoveryError extends Error {
  readonly code: DiscoveryErrorCode;

  constructor(code: DiscoveryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DiscoveryError';
    this.code = code;
  }
}

/** For what was thrown by surprise: sources tell DiscoveryErrors only. */
export function asDiscoveryError(error: unknown): DiscoveryError {
  if (error instanceof DiscoveryError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DiscoveryError('UNREACHABLE', message, { cause: error });
}
