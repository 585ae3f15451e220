/** Of the budget: from here on, who keeps much waiting and takes nothing has less time for it. */
const SCARCE = 1 / 2;
/** Of the budget: from here on, those whose new work is refused get no more for their old work either. */
const ALMOST_USED_UP = 7 / 8;

/** Of the budget, beside it: what clients may still have that hold next to nothing, while others have used up all of it. */
const RESERVE = 1 / 4;
/** Next to nothing: a few ordinary calls, and of a small budget less. */
const NEXT_TO_NOTHING_BYTES = 16_384;
const NEXT_TO_NOTHING = 1 / 256;

/** Of the budget, beside it: what may be remembered only to be fast. */
const CACHES = 1 / 4;

/** How much of a process's memory budget is in use, and what follows from that. Shares keep the counts right. */
export class BytesInUse {
  readonly maxBytes: number;
  usedBytes = 0;
  /** What shares remember to be fast. It is part of nobody's burden, for it can be done without. */
  cachedBytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Whether a client that would hold so many bytes in all is served though the budget is used up. */
  servesInAnyCase(bytes: number): boolean {
    const most = Math.min(NEXT_TO_NOTHING_BYTES, this.maxBytes * NEXT_TO_NOTHING);
    return bytes <= most && this.usedBytes + bytes <= this.maxBytes * (1 + RESERVE);
  }

  get freeBytes(): number {
    return this.maxBytes - this.usedBytes;
  }

  /** Time to look who holds much and takes nothing. */
  get scarce(): boolean {
    return this.usedBytes >= this.maxBytes * SCARCE;
  }

  /** The largest holders get no more of anything; there is still room for all others. */
  get almostUsedUp(): boolean {
    return this.usedBytes >= this.maxBytes * ALMOST_USED_UP;
  }

  get exhausted(): boolean {
    return this.usedBytes >= this.maxBytes;
  }

  /** There is room for more that is remembered only to be fast. */
  get mayCache(): boolean {
    return this.cachedBytes < this.maxBytes * CACHES && !this.scarce;
  }
}
