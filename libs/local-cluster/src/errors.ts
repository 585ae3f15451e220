export type LocalClusterErrorCode =
  /** A program ended, or did not listen in time; the message has the last lines of its log. */
  | 'START_FAILED'
  | 'PORT_IN_USE'
  | 'CANNOT_LISTEN'
  | 'UNKNOWN_SERVICE'
  | 'UNKNOWN_POD'
  /** A service's name is no DNS label, or is taken. */
  | 'BAD_NAME'
  | 'BAD_REPLICAS'
  /** Pods cannot have addresses of their own here. */
  | 'NO_ADDRESSES'
  /** The pod refused the change; the message is its own. */
  | 'BAD_BEHAVIOUR'
  /** The pod is starting or ending, or has no admin port. */
  | 'POD_NOT_RUNNING'
  /** The service did not reach the wanted pods in time; it goes on trying. */
  | 'NOT_SETTLED'
  /** Too many operations wait for the same service. */
  | 'BUSY'
  /** The cluster was stopped meanwhile. */
  | 'STOPPED';

/** Everything that this library throws on purpose. */
export class LocalClusterError extends Error {
  readonly code: LocalClusterErrorCode;

  constructor(code: LocalClusterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LocalClusterError';
    this.code = code;
  }
}

/** The error of a failed `listen`, with what to do about it. */
export function listenError(cause: unknown, at: string): LocalClusterError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return new LocalClusterError('PORT_IN_USE', `${at} is in use`, { cause });
  return new LocalClusterError('CANNOT_LISTEN', `cannot listen on ${at}: ${message}`, { cause });
}
