import { bufferPool } from '../flow/buffer-pool.ts';

const FIRST_SLAB_BYTES = 4_096;
const LARGEST_SLAB_BYTES = 65_536;
const NOTHING = Buffer.alloc(0);

interface Piece {
  readonly memory: Buffer;
  readonly start: number;
  readonly end: number;
}

/**
 * Bytes to send, written one after the other into slabs, so that all frames of one event-loop turn leave
 * in one write. Why slabs: many tiny buffers, or concatenating them, cost more than copying small frames
 * (libs/http2/bench). Slabs start at 4 KiB and grow up to 64 KiB where a turn needs more; they come from a pool and go
 * back when their bytes have left, so idle connections have none.
 */
export class Slab {
  /** The slab being written. Write at `position` after `reserve`, then advance `position`. */
  bytes: Buffer = NOTHING;
  position = 0;
  /** Start of what has not been taken yet in the current slab. */
  private start = 0;
  /** Slabs before the current one: what was written, and is not taken. Most connections never need them. */
  private full: Piece[] | undefined;
  private fullBytes = 0;
  /** Memory of pieces that were taken: the writer's until `recycle`. */
  private taken: Buffer[] | undefined;
  private nextSize = FIRST_SLAB_BYTES;

  /** Bytes written and not taken. */
  get pending(): number {
    return this.fullBytes + this.position - this.start;
  }

  /** Makes room for `count` bytes at `position` in one piece. */
  reserve(count: number): void {
    if (this.position + count > this.bytes.length) this.grow(count);
  }

  private grow(count: number): void {
    const { bytes, position, start } = this;
    if (position > start) {
      (this.full ??= []).push({ memory: bytes, start, end: position });
      this.fullBytes += position - start;
    } else if (position > 0) {
      (this.taken ??= []).push(bytes);
    } else {
      bufferPool.give(bytes);
    }
    if (bytes.length > 0) this.nextSize = Math.min(this.nextSize * 4, LARGEST_SLAB_BYTES);
    this.bytes = bufferPool.take(Math.max(this.nextSize, count));
    this.position = 0;
    this.start = 0;
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
      const { memory, start, end } = piece;
      this.fullBytes -= end - start;
      if (this.fullBytes === 0) this.full = undefined;
      (this.taken ??= []).push(memory);
      return memory.subarray(start, end);
    }
    if (this.position === this.start) return undefined;
    const rest = this.bytes.subarray(this.start, this.position);
    this.start = this.position;
    return rest;
  }

  /** Says that all pieces taken so far have been copied by the writer: other connections may use their memory. */
  recycle(): void {
    if (this.taken !== undefined) {
      for (const memory of this.taken) bufferPool.give(memory);
      this.taken = undefined;
    }
    if (this.fullBytes > 0 || this.position !== this.start || this.position === 0) return;
    bufferPool.give(this.bytes);
    this.bytes = NOTHING;
    this.position = 0;
    this.start = 0;
  }

  /** Begins with small slabs again (an idle connection). */
  release(): void {
    this.nextSize = FIRST_SLAB_BYTES;
  }

  /** Drops what has not been taken. What was taken may still be in the writer's hands: the collector has it. */
  clear(): void {
    this.full = undefined;
    this.fullBytes = 0;
    this.taken = undefined;
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
