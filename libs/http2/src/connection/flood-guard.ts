import { ErrorCode, Http2Error } from '../errors.ts';
import { TokenBucket } from '../flow/token-bucket.ts';
import type { Limits } from '../limits.ts';

/** Counts what is cheap to send and not to serve; see `Limits` for each. */
export class FloodGuard {
  readonly resets: TokenBucket;
  readonly pings: TokenBucket;
  readonly settings: TokenBucket;
  readonly priorities: TokenBucket;
  readonly emptyFrames: TokenBucket;
  readonly windowUpdates: TokenBucket;
  readonly tinyData: TokenBucket;
  /** In bytes. */
  private readonly expansion: TokenBucket;
  private readonly expansionTimes: number;

  constructor(limits: Limits, nowMs: number) {
    this.resets = new TokenBucket(limits.resets, nowMs);
    this.pings = new TokenBucket(limits.pings, nowMs);
    this.settings = new TokenBucket(limits.settings, nowMs);
    this.priorities = new TokenBucket(limits.priorities, nowMs);
    this.emptyFrames = new TokenBucket(limits.emptyFrames, nowMs);
    this.windowUpdates = new TokenBucket(limits.windowUpdates, nowMs);
    this.tinyData = new TokenBucket(limits.tinyData, nowMs);
    this.expansion = new TokenBucket(limits.expansion, nowMs);
    this.expansionTimes = limits.expansion.times;
  }

  /** What a peer sends pays for what its header blocks become. */
  received(bytes: number): void {
    this.expansion.credit(bytes * this.expansionTimes);
  }

  /** Whether a block of so many decoded bytes is in proportion to what has come. */
  mayExpandTo(bytes: number, nowMs: number): boolean {
    return this.expansion.take(nowMs, bytes);
  }

  /** Peers answer DATA with pings (to measure bandwidth) and window updates: sending allows both. */
  dataSent(): void {
    this.pings.credit(1);
    this.windowUpdates.credit(10);
  }
}

/** @throws Http2Error ENHANCE_YOUR_CALM when the bucket is empty */
export function spend(bucket: TokenBucket, nowMs: number, what: string): void {
  if (!bucket.take(nowMs)) throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, `too many ${what}`);
}
