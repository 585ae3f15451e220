/** What copies of calls may take, of one process. What is above is dropped, and counted. */
export const mirrorLimits = {
  /** Copies under way. */
  calls: 1000,
  /** Content of one copy that waits for its mirror. */
  queuedBytesPerCall: 65_536,
  /** Content of all copies that waits for mirrors. */
  queuedBytes: 16 * 1024 * 1024,
  /** How long a mirror has to answer, once the whole request has come. */
  answerMs: 15_000,
} as const;
