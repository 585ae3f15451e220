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

/** Views up to this length are kept for the next time: most header blocks are shorter. */
const MAX_KEPT_VIEW = 512;

/** A growing piece of memory to write into. */
export class ByteWriter {
  bytes: Buffer;
  position = 0;
  /** By length, of `bytes` from its beginning. A new view for each header block would cost more than to encode it. */
  private views: Buffer[] = [];

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  reserve(count: number): void {
    const needed = this.position + count;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.position);
    this.bytes = larger;
    this.views = [];
  }

  append(source: Uint8Array, from: number, to: number): void {
    this.reserve(to - from);
    this.position += copyBytes(source, from, to, this.bytes, this.position);
  }

  /** What was written; valid until the next write. */
  view(): Buffer {
    const length = this.position;
    if (length > MAX_KEPT_VIEW) return this.bytes.subarray(0, length);
    return (this.views[length] ??= this.bytes.subarray(0, length));
  }
}
