import { MemoryShare } from './share.ts';

/** What one client holds, over all its shares; forgotten with the last of them. */
export interface Client {
  readonly name: string;
  usedBytes: number;
  shares: number;
}

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

/**
 * The bytes that a process may hold for others, whatever they are: header blocks, content, output that is not read,
 * half-sent messages, names. One object for a process; whoever holds something for a client has a share of it.
 *
 * It only counts and answers questions. Who asks them refuses work, and so the process never gets to where it would die.
 */
export class MemoryBudget {
  readonly maxBytes: number;
  /** Kept right by the shares. */
  usedBytes = 0;
  /** What shares remember to be fast. It is part of nobody's burden, for it can be done without. */
  cachedBytes = 0;
  private readonly clients = new Map<string, Client>();

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /**
   * A share for one holder of bytes, such as a connection. Make it once and keep it where the bytes are: counting then
   * needs no look-up.
   * @param client whose bytes they are (an address, an identity): shares of one client add up
   */
  share(client: string): MemoryShare {
    const known = this.clients.get(client);
    const holder = known ?? { name: client, usedBytes: 0, shares: 0 };
    if (known === undefined) this.clients.set(client, holder);
    holder.shares++;
    return new MemoryShare(this, holder, () => {
      if (--holder.shares === 0) this.clients.delete(client);
    });
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

  /** How many have shares, and who holds most; for whoever looks at the process, not for decisions. */
  get holders(): { clients: number; largest: { name: string; usedBytes: number } | undefined } {
    let largest: Client | undefined;
    for (const client of this.clients.values())
      if (largest === undefined || client.usedBytes > largest.usedBytes) largest = client;
    return { clients: this.clients.size, largest };
  }
}
