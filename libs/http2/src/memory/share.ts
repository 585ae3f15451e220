import type { BytesInUse } from './bytes-in-use.ts';

/** What one client holds, over all its shares; forgotten with the last of them. */
export interface Client {
  readonly name: string;
  usedBytes: number;
  shares: number;
}

/** How many times what is free all shares of a client together may hold before each of them may have less. */
const CLIENT_TIMES_FREE = 4;

/** What one holder (a connection, a stream of requests) keeps for its client. Made by `MemoryBudget.share`. */
export class MemoryShare {
  readonly budget: BytesInUse;
  usedBytes = 0;
  private cachedBytes = 0;
  private readonly client: Client;
  private readonly onClose: (client: Client) => void;
  private closed = false;

  /** @param onClose told once; the same function for all shares, for there are as many as connections */
  constructor(budget: BytesInUse, client: Client, onClose: (client: Client) => void) {
    this.budget = budget;
    this.client = client;
    this.onClose = onClose;
  }

  /** So many bytes more are held; negative: fewer. Does nothing after `close`. */
  add(bytes: number): void {
    if (this.closed) return;
    this.usedBytes += bytes;
    this.client.usedBytes += bytes;
    this.budget.usedBytes += bytes;
  }

  /** So many bytes more are remembered only to be fast; ask `budget.mayCache` before. */
  addCached(bytes: number): void {
    if (this.closed) return;
    this.cachedBytes += bytes;
    this.budget.cachedBytes += bytes;
  }

  /**
   * New work (a request, a stream, a subscription) that will hold so many bytes shall be refused now. A holder may have as
   * much as is free, so the largest come to this first, and the smaller somebody is the longer it is served: one alone gets
   * half of the budget, two get a third each (Choudhury and Hahne, "Dynamic queue length thresholds", 1998). Where a client
   * has many shares each may have less, the more the less, but small ones still go on: many clients may have one address.
   * Begun frames and output cannot be refused, so the budget may be overrun for a moment: who holds next to nothing is
   * served even then, out of a reserve.
   */
  refuses(bytes: number): boolean {
    const { freeBytes } = this.budget;
    const own = this.usedBytes + bytes;
    const ofClient = this.client.usedBytes + bytes;
    if (own <= freeBytes && own * ofClient <= CLIENT_TIMES_FREE * freeBytes * freeBytes) return false;
    return !this.budget.servesInAnyCase(ofClient);
  }

  /** The same where it is not known how much it will hold. */
  get refusesWork(): boolean {
    return this.refuses(0);
  }

  /**
   * Nothing more shall be kept, for work under way either: nearly all memory is used, and by such as this one. What would
   * have been kept is given up, with the call that it belongs to.
   */
  get refusesMore(): boolean {
    return this.budget.almostUsedUp && this.refusesWork;
  }

  /** Gives back what is still counted. Idempotent. */
  close(): void {
    if (this.closed) return;
    this.add(-this.usedBytes);
    this.addCached(-this.cachedBytes);
    this.closed = true;
    this.onClose(this.client);
  }
}
