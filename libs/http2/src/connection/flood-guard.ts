import { ErrorCode, Http2Error } from '../errors.ts';
import { TokenBucket } from '../flow/token-bucket.ts';
import type { Limits } from '../limits.ts';

export type Flood =
  'resets' | 'pings' | 'settings' | 'priorities' | 'emptyFrames' | 'windowUpdates' | 'tinyData';

/** Counts what is cheap to send and not to serve; see `Limits` for each. A bucket is made when it is first used: most never are. */
export class FloodGuard {
  private readonly limits: Limits;
  private readonly startedAtMs: number;
  private resets: TokenBucket | undefined = undefined;
  private pings: TokenBucket | undefined = undefined;
  private settings: TokenBucket | undefined = undefined;
  private priorities: TokenBucket | undefined = undefined;
  private emptyFrames: TokenBucket | undefined = undefined;
  private windowUpdates: TokenBucket | undefined = undefined;
  private tinyData: TokenBucket | undefined = undefined;
  /** In bytes. */
  private readonly expansion: TokenBucket;

  constructor(limits: Limits, nowMs: number) {
    this.limits = limits;
    this.startedAtMs = nowMs;
    this.expansion = new TokenBucket(limits.expansion, nowMs);
  }

  /** @throws Http2Error ENHANCE_YOUR_CALM when there was too much of it */
  spend(flood: Flood, nowMs: number, what: string): void {
    const bucket = (this[flood] ??= new TokenBucket(this.limits[flood], this.startedAtMs));
    if (!bucket.take(nowMs)) throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, `too many ${what}`);
  }

  /** What a peer sends pays for what its header blocks become. */
  received(bytes: number): void {
    this.expansion.credit(bytes * this.limits.expansion.times);
  }

  /** Whether a block of so many decoded bytes is in proportion to what has come. */
  mayExpandTo(bytes: number, nowMs: number): boolean {
    return this.expansion.take(nowMs, bytes);
  }

  /** Peers answer DATA with pings (to measure bandwidth) and window updates: sending allows both. */
  dataSent(): void {
    this.pings?.credit(1);
    this.windowUpdates?.credit(10);
  }

  /** A stream that ended in order allows a reset. */
  streamEnded(): void {
    this.resets?.credit(1);
  }
}
