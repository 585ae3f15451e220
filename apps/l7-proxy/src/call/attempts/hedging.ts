import { grpcCodes, type Hedge } from '@evenly/mesh-config';
import type { AttemptStrategy } from './attempt-strategy.ts';

/** Several attempts at the same time until the first one is answered, as a policy says (gRFC A6, "hedging"). */
export class Hedging implements AttemptStrategy {
  readonly attemptTimeoutMs = undefined;
  readonly #policy: Hedge;

  constructor(policy: Hedge) {
    this.#policy = policy;
  }

  get maxAttempts(): number {
    return this.#policy.attempts;
  }

  get hedgingDelayMs(): number {
    return this.#policy.delayMs;
  }

  goesOnAfter(code: number): boolean {
    const name = grpcCodes[code];
    return this.#policy.nonFatal.some((one) => one === name);
  }

  /** The one after an attempt that came to nothing does not wait for its time. */
  delayMs(): number {
    return 0;
  }
}
