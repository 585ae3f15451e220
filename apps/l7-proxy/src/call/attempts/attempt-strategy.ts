/**
 * When a call gets another attempt than its first. It only says so, and keeps nothing of a call: `Attempts` does it, and counts.
 */
export interface AttemptStrategy {
  /** Attempts that an endpoint may have processed, the first one included. */
  readonly maxAttempts: number;
  /** How long an attempt may be without a response; undefined: as long as the call. */
  readonly attemptTimeoutMs: number | undefined;
  /** How long after an attempt another goes out beside it; undefined: they come one after the other. */
  readonly hedgingDelayMs: number | undefined;
  /** Whether an attempt that ended with this status is not the end of the call. @param code the number of a gRPC status */
  goesOnAfter(code: number): boolean;
  /**
   * The wait before the next attempt, where the server has not said how long it shall be.
   * @param sent attempts so far
   * @param random from 0 to 1
   */
  delayMs(sent: number, random: () => number): number;
}
