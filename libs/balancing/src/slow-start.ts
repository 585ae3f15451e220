import { checkNumber, maxDurationMs } from './limits.ts';

export interface SlowStartOptions {
  /** How long a new host is spared: 1 to a day. */
  windowMs: number;
  /** 1 (default): in a straight line. More: faster at first. 0.1 to 10. */
  aggression?: number;
  /** The weight factor never falls below this: 0.01 to 1, default 0.1. */
  minFactor?: number;
}

/** A new host's caches are cold and its code is not compiled yet: its weight grows over a window (Envoy's formula). */
export class SlowStart {
  readonly windowMs: number;
  readonly #exponent: number;
  readonly #minFactor: number;

  /** @throws BalancingError `BAD_OPTION` */
  constructor({ windowMs, aggression = 1, minFactor = 0.1 }: SlowStartOptions) {
    this.windowMs = checkNumber('windowMs', windowMs, 1, maxDurationMs);
    this.#exponent = 1 / checkNumber('aggression', aggression, 0.1, 10);
    this.#minFactor = checkNumber('minFactor', minFactor, 0.01, 1);
  }

  /** What to multiply the weight by: `minFactor` to 1, never falling. */
  factor(readySinceMs: number, nowMs: number): number {
    const progress = Math.max(0, (nowMs - readySinceMs) / this.windowMs);
    return progress >= 1 ? 1 : Math.max(this.#minFactor, progress ** this.#exponent);
  }
}
