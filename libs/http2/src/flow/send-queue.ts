import type { HeaderBlock, HeaderField } from '../headers/block.ts';

/** Trailers that wait behind DATA. */
export interface QueuedTrailers {
  readonly block: HeaderBlock;
  readonly extra: readonly HeaderField[] | undefined;
}

/** DATA of one stream that the peer's windows, or a transport that is not drained, do not let out yet. */
export class SendQueue {
  bytes = 0;
  endStream = false;
  trailers: QueuedTrailers | undefined;
  /** When bytes last left, or were first queued. */
  progressAtMs: number;
  private chunks: Buffer[] = [];
  private offset = 0;

  constructor(nowMs: number) {
    this.progressAtMs = nowMs;
  }

  /** Copies `source[from, to)`: the caller's memory is its own again. */
  push(source: Uint8Array, from: number, to: number): void {
    this.chunks.push(Buffer.from(source.subarray(from, to)));
    this.bytes += to - from;
  }

  /** The first piece's memory; its bytes start at `headOffset`. */
  get head(): Buffer {
    return this.chunks[0]!;
  }

  get headOffset(): number {
    return this.offset;
  }

  /** Drops `count` bytes of the head. */
  advance(count: number): void {
    this.bytes -= count;
    this.offset += count;
    if (this.offset < this.chunks[0]!.length) return;
    this.chunks.shift();
    this.offset = 0;
  }
}
