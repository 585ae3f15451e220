/**
 * - `BAD_OPTION`: an option is not a number, or outside its range; the message names the option and the range.
 * - `BAD_HOST`: a host's key, weight or priority is unusable.
 * - `DUPLICATE_HOST`: two hosts have the same key.
 * - `TOO_MANY`: a list is longer than its limit.
 * - `ZERO_WEIGHTS`: there are hosts, but their weights sum to 0, so no host may get a call.
 * - `NOT_STARTED`: the end of something was reported that never started: a fault in the caller.
 */
export type BalancingErrorCode =
  'BAD_OPTION' | 'BAD_HOST' | 'DUPLICATE_HOST' | 'TOO_MANY' | 'ZERO_WEIGHTS' | 'NOT_STARTED';

/** The library's only error. A pick never throws it: configuration and updates do, and leave all as it was before. */
export class BalancingError extends Error {
  readonly code: BalancingErrorCode;

  constructor(code: BalancingErrorCode, message: string) {
    super(message);
    this.name = 'BalancingError';
    this.code = code;
  }
}
