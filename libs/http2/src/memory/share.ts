import type { Client, MemoryBudget } from './budget.ts';

/** What is free has to be a fourth of what all shares of one client hold, for those of them that are not small. */
const CLIENT_TIMES_FREE = 4;
/** A share up to this never pays for what other shares of its client hold: many clients may have one address. */
const SMALL_BYTES = 65_536;

/** What one holder (a connection, a stream of requests) keeps for its client. Made by `MemoryBudget.share`. */
export class MemoryShare {
  readonly budget: MemoryBudget;
  usedBytes = 0;
  private cachedBytes = 0;
  private readonly client: Client;
  private readonly onClose: () => void;
  private closed = false;

  /** @param onClose told once */
  constructor(budget: MemoryBudget, client: Client, onClose: () => void) {
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
   * New work (a request, a stream, a subscription) shall be refused now. A holder may have as much as is free, so the
   * largest come to this first, and the smaller somebody is the longer it is served: one alone gets half of the budget,
   * two get a third each (Choudhury and Hahne, "Dynamic queue length thresholds", 1998).
   */
  get refusesWork(): boolean {
    const { freeBytes } = this.budget;
    if (this.usedBytes > freeBytes) return true;
    return this.usedBytes > SMALL_BYTES && this.client.usedBytes > CLIENT_TIMES_FREE * freeBytes;
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
    this.onClose();
  }
}
