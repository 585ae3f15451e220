import { copyBytes } from '../frames/slab.ts';

/** A reading position in a piece of memory. */
export class ByteCursor {
  bytes: Buffer;
  position: number;
  end: number;

  constructor(bytes: Buffer, position = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }
}

/** A growing piece of memory to write into. */
export class ByteWriter {
  bytes: Buffer;
  position = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  reserve(count: number): void {
    const needed = this.position + count;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.position);
    this.bytes = larger;
  }

  append(source: Uint8Array, from: number, to: number): void {
    this.reserve(to - from);
    this.position += copyBytes(source, from, to, this.bytes, this.position);
  }

  /** What was written; valid until the next write. */
  view(): Buffer {
    return this.bytes.subarray(0, this.position);
  }
}
