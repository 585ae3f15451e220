import { giveSlab, LARGEST_SLAB_BYTES, SMALLEST_SLAB_BYTES, takeSlab } from './slab-pool.ts';

const NOTHING = Buffer.alloc(0);

/**
 * Bytes to send, written one after the other into slabs, so that all frames of one event-loop turn leave
 * in one write. Why slabs: many tiny buffers, or concatenating them, cost more than copying small frames
 * (libs/http2/bench). Slabs start at 4 KiB and double up to 64 KiB, and come from a pool that all connections share:
 * a connection has memory only while it has something to send.
 */
export class Slab {
  /** The slab being written. Write at `position` after `reserve`, then advance `position`. */
  bytes: Buffer = NOTHING;
  position = 0;
  /** Start of what has not been taken yet in the current slab. */
  private start = 0;
  /** Slabs before the current one: what was written, and is not taken. Most connections never need them. */
  private full: Buffer[] | undefined;
  private fullBytes = 0;
  private nextSize = SMALLEST_SLAB_BYTES;

  /** Bytes written and not taken. */
  get pending(): number {
    return this.fullBytes + this.position - this.start;
  }

  /** Makes room for `count` bytes at `position` in one piece. */
  reserve(count: number): void {
    if (this.position + count > this.bytes.length) this.grow(count);
  }

  private grow(count: number): void {
    if (this.position > this.start) {
      (this.full ??= []).push(this.bytes.subarray(this.start, this.position));
      this.fullBytes += this.position - this.start;
    }
    this.bytes = takeSlab(Math.max(this.nextSize, count));
    this.position = 0;
    this.start = 0;
    this.nextSize = Math.min(this.nextSize * 2, LARGEST_SLAB_BYTES);
  }

  /** Appends `source[from, to)`. */
  append(source: Uint8Array, from: number, to: number): void {
    this.reserve(to - from);
    this.position += copyBytes(source, from, to, this.bytes, this.position);
  }

  /** The next piece to send, or undefined. It stays valid until `recycle`. */
  take(): Uint8Array | undefined {
    const piece = this.full?.shift();
    if (piece !== undefined) {
      this.fullBytes -= piece.length;
      if (this.fullBytes === 0) this.full = undefined;
      return piece;
    }
    if (this.position === this.start) return undefined;
    const rest = this.bytes.subarray(this.start, this.position);
    this.start = this.position;
    return rest;
  }

  /** Says that all pieces taken so far have been copied by the writer: other connections may use their memory. */
  recycle(): void {
    if (this.fullBytes > 0 || this.position !== this.start || this.bytes === NOTHING) return;
    giveSlab(this.bytes);
    this.bytes = NOTHING;
    this.position = 0;
    this.start = 0;
  }

  /** Nothing was sent for a while: the next slab is a small one again. */
  release(): void {
    if (this.pending === 0) this.nextSize = SMALLEST_SLAB_BYTES;
  }

  /** Drops what has not been taken. */
  clear(): void {
    this.full = undefined;
    this.fullBytes = 0;
    this.start = this.position;
  }
}

/** Copies `source[from, to)` to `target` and returns the count. A loop beats the native call below ~64 bytes. */
export function copyBytes(source: Uint8Array, from: number, to: number, target: Buffer, at: number): number {
  const count = to - from;
  if (count <= 64) {
    for (let index = 0; index < count; index++) target[at + index] = source[from + index]!;
  } else if (Buffer.isBuffer(source)) {
    source.copy(target, at, from, to);
  } else {
    target.set(source.subarray(from, to), at);
  }
  return count;
}
