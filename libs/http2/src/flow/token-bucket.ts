import type { Rate } from '../limits.ts';

/** Allows `burst` events at once and `perSecond` on average. Refilled only when empty, so an event costs one subtraction. */
export class TokenBucket {
  private readonly rate: Rate;
  private tokens: number;
  private refilledAtMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.rate = rate;
    this.tokens = rate.burst;
    this.refilledAtMs = nowMs;
  }

  /** Counts one event; false when it is one too many. */
  take(nowMs: number): boolean {
    if (this.tokens < 1) this.refill(nowMs);
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }

  /** Allows `count` more events, up to the burst. */
  credit(count: number): void {
    if (this.tokens < this.rate.burst) this.tokens += count;
  }

  private refill(nowMs: number): void {
    const earned = ((nowMs - this.refilledAtMs) * this.rate.perSecond) / 1000;
    this.tokens = Math.min(this.rate.burst, this.tokens + earned);
    this.refilledAtMs = nowMs;
  }
}
