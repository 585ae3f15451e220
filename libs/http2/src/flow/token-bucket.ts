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

  /** Counts `count` events; false, and none is counted, when they are too many. */
  take(nowMs: number, count = 1): boolean {
    if (this.tokens < count) this.refill(nowMs);
    if (this.tokens < count) return false;
    this.tokens -= count;
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
