/** From a few small frames to what one write takes; 16,640 holds a frame of the usual largest size with its header. */
const SIZES = [1024, 4096, 16_640, 65_536] as const;
/** Of all sizes together; what comes back above it is the collector's. */
const MAX_FREE_BYTES = 16_777_216;

/**
 * Memory that is used again and again. Node gives each large Buffer pages of its own and leaves them to the collector: with
 * 64 KiB contents that was half the cost of a call, and most of the process's memory.
 *
 * Whoever gives a buffer back must not touch it any more: the next to take it may serve another client.
 */
export class BufferPool {
  private readonly free: Buffer[][] = SIZES.map(() => []);
  private freeBytes = 0;

  /** Memory of at least `count` bytes, with anything in it. */
  take(count: number): Buffer {
    const index = SIZES.findIndex((size) => size >= count);
    if (index < 0) return Buffer.allocUnsafeSlow(count);
    const known = this.free[index]!.pop();
    if (known === undefined) return Buffer.allocUnsafeSlow(SIZES[index]!);
    this.freeBytes -= known.length;
    return known;
  }

  /** Once only, and only what `take` returned. */
  give(buffer: Buffer): void {
    const index = SIZES.indexOf(buffer.length as (typeof SIZES)[number]);
    if (index < 0) return;
    if (this.freeBytes + buffer.length > MAX_FREE_BYTES) return;
    this.freeBytes += buffer.length;
    this.free[index]!.push(buffer);
  }
}

/** Of all connections of a thread. */
export const bufferPool = new BufferPool();
