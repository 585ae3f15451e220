import { LocalClusterError } from '@evenly/local-cluster';
import { ServiceError, exitCodes } from '@evenly/service';

export type LabErrorCode =
  /** An app's dist/main.js is missing. */
  | 'NOT_BUILT'
  | 'PORT_IN_USE'
  /** No lab answers where a command looked for it. */
  | 'NOT_RUNNING'
  /** The lab refused what a command asked for; the message is its own. */
  | 'REFUSED'
  | 'UNKNOWN_APP'
  /** A service was named to mean any of its pods. */
  | 'NO_POD_RUNS'
  | 'UNKNOWN_SCENARIO'
  /** Another change of the lab is under way. */
  | 'CHANGING'
  | 'TOO_MANY'
  | 'BAD_REQUEST'
  | 'FORBIDDEN'
  /** The lab is ending. */
  | 'STOPPED';

/** What can go wrong in the lab itself, in words for the person in front of it. */
export class LabError extends Error {
  readonly code: LabErrorCode;

  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LabError';
    this.code = code;
  }
}

/** True for errors whose message says it all; anything else is a fault of the program and is shown with its stack. */
export function isExpected(error: unknown): error is LabError | LocalClusterError | ServiceError {
  return error instanceof LabError || error instanceof LocalClusterError || error instanceof ServiceError;
}

/** For the person in front of it. */
export function messageOf(error: unknown): string {
  return isExpected(error) ? error.message : String((error as Error).stack ?? error);
}

const faultsOfTheRequest = ['REFUSED', 'BAD_REQUEST', 'UNKNOWN_SCENARIO'];

export function exitCodeOf(error: unknown): number {
  if (!isExpected(error)) return exitCodes.internal;
  return faultsOfTheRequest.includes(error.code) ? exitCodes.usage : exitCodes.unavailable;
}
