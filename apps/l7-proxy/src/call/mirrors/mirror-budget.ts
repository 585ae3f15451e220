import { mirrorLimits } from './limits.ts';

/** What the copies of all calls take now. */
export class MirrorBudget {
  private calls = 0;
  private bytes = 0;

  /** @returns false when there are enough */
  tryStart(): boolean {
    if (this.calls >= mirrorLimits.calls) return false;
    this.calls++;
    return true;
  }

  end(): void {
    this.calls--;
  }

  /** Whether so much more content may wait. */
  hasRoomFor(count: number): boolean {
    return this.bytes + count <= mirrorLimits.queuedBytes;
  }

  /** @param change of what waits */
  count(change: number): void {
    this.bytes += change;
  }
}
