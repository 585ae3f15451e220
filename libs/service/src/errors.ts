export type ServiceErrorCode = 'PORT_IN_USE' | 'CANNOT_LISTEN' | 'BAD_CONFIG';

/** What can go wrong while a program starts, in words for the person who started it. */
export class ServiceError extends Error {
  readonly code: ServiceErrorCode;

  constructor(code: ServiceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ServiceError';
    this.code = code;
  }
}

/** Exit codes by sysexits(3): what a supervisor or a script can tell apart. */
export const exitCodes = { ok: 0, usage: 64, unavailable: 69, internal: 70 } as const;

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof ServiceError)) return exitCodes.internal;
  return error.code === 'BAD_CONFIG' ? exitCodes.usage : exitCodes.unavailable;
}

/**
 * Turns the error of a failed `listen` into one that says what to do.
 * @param option the flag that changes the port, for example `--port`
 */
export function listenError(cause: unknown, port: number, option: string): ServiceError {
  const message = cause instanceof Error ? cause.message : String(cause);
  // grpc-js wraps the system's error in text, so the code has to be looked for there too.
  if (message.includes('EADDRINUSE')) {
    return new ServiceError('PORT_IN_USE', `port ${port} is in use; choose another with ${option}`, {
      cause,
    });
  }
  return new ServiceError('CANNOT_LISTEN', `cannot listen on port ${port} (${option}): ${message}`, {
    cause,
  });
}
