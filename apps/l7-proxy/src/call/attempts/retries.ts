import { grpcCodes, type Retry } from '@evenly/mesh-config';
import type { AttemptStrategy } from './attempt-strategy.ts';

/** One attempt after the other, as a policy says (gRFC A6, "retries"). */
export class Retries implements AttemptStrategy {
  readonly hedgingDelayMs = undefined;
  readonly #policy: Retry;

  constructor(policy: Retry) {
    this.#policy = policy;
  }

  get maxAttempts(): number {
    return this.#policy.attempts;
  }

  get attemptTimeoutMs(): number | undefined {
    return this.#policy.perTryTimeoutMs;
  }

  goesOnAfter(code: number): boolean {
    const name = grpcCodes[code];
    return this.#policy.on.some((one) => one === name);
  }

  delayMs(sent: number, random: () => number): number {
    const { baseMs, maxMs } = this.#policy.backoff;
    return random() * Math.min(maxMs, baseMs * 2 ** (sent - 1));
  }
}
