import type { AttemptStrategy } from './attempt-strategy.ts';

/** One attempt, and no other. */
export const single: AttemptStrategy = {
  maxAttempts: 1,
  attemptTimeoutMs: undefined,
  hedgingDelayMs: undefined,
  goesOnAfter: () => false,
  delayMs: () => 0,
};
