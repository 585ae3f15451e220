import { bufferPool } from './buffer-pool.ts';
import type { HeaderBlock } from '../headers/block.ts';
import type { HeaderField } from '../headers/field.ts';

/** Trailers that wait behind DATA. */
export interface QueuedTrailers {
  readonly block: HeaderBlock;
  readonly extra: readonly HeaderField[] | undefined;
}

interface Chunk {
  readonly memory: Buffer;
  /** Bytes of the memory that are used for it. */
  readonly size: number;
  end: number;
}

/** The usual largest DATA frame: small pieces are put together up to it. */
const FRAME_BYTES = 16_384;

/** DATA of one stream that the peer's windows, or a transport that is not drained, do not let out yet. */
export class SendQueue {
  bytes = 0;
  endStream = false;
  trailers: QueuedTrailers | undefined;
  /** When bytes last left, or were first queued. */
  progressAtMs: number;
  private readonly chunks: Chunk[] = [];
  private offset = 0;

  constructor(nowMs: number) {
    this.progressAtMs = nowMs;
  }

  /** Copies `source[from, to)`: the caller's memory is its own again. */
  push(source: Uint8Array, from: number, to: number): void {
    this.bytes += to - from;
    for (let position = from; position < to;) {
      let last = this.chunks.at(-1);
      if (last === undefined || last.end === last.size) {
        const memory = bufferPool.take(to - position);
        last = { memory, end: 0, size: Math.max(to - position, Math.min(memory.length, FRAME_BYTES)) };
        this.chunks.push(last);
      }
      const count = Math.min(to - position, last.size - last.end);
      last.memory.set(source.subarray(position, position + count), last.end);
      last.end += count;
      position += count;
    }
  }

  /** The first piece's memory; its bytes are from `headOffset` to `headEnd`. */
  get head(): Buffer {
    return this.chunks[0]!.memory;
  }

  get headOffset(): number {
    return this.offset;
  }

  get headEnd(): number {
    return this.chunks[0]!.end;
  }

  /** Drops `count` bytes of the head. */
  advance(count: number): void {
    this.bytes -= count;
    this.offset += count;
    const first = this.chunks[0]!;
    if (this.offset < first.end) return;
    this.chunks.shift();
    bufferPool.give(first.memory);
    this.offset = 0;
  }

  /** Drops everything. */
  clear(): void {
    for (const { memory } of this.chunks.splice(0)) bufferPool.give(memory);
    this.bytes = 0;
    this.offset = 0;
  }
}
