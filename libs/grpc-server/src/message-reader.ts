import { Status, StatusError } from './status.ts';

/** Compressed flag, and the length of the message (gRPC over HTTP/2, "Length-Prefixed-Message"). */
export const prefixBytes = 5;

const nothing = Buffer.alloc(0);

/** A message as it travels: behind its prefix. */
export function lengthPrefixed(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(prefixBytes + message.length);
  bytes[0] = 0;
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, prefixBytes);
  return bytes;
}

/**
 * Cuts a call's content into messages. One that lies whole in a chunk is passed on where it lies; only the beginning of
 * one is copied, into memory of the message's own length, at most `maxBytes` (and grown as it comes: a length alone is a
 * claim that costs the sender nothing).
 */
export class MessageReader {
  readonly #maxBytes: number;
  /** What has arrived and is not read: `bytes[position, end)`. */
  #bytes: Buffer = nothing;
  #position = 0;
  #end = 0;
  /** `bytes` is our own, and not the caller's. */
  #owned = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that have arrived and are not read. */
  get buffered(): number {
    return this.#end - this.#position;
  }

  /** Bytes of memory that are kept between two chunks. */
  get keptBytes(): number {
    return this.#owned ? this.#bytes.length : 0;
  }

  /** Forgets all: nothing will be read any more. */
  clear(): void {
    this.#bytes = nothing;
    this.#position = 0;
    this.#end = 0;
    this.#owned = false;
  }

  /** Adds `chunk[start, end)`, which stays the caller's: call `next` until it has no more, then `keep`. */
  add(chunk: Buffer, start: number, end: number): void {
    if (this.buffered === 0) {
      this.#bytes = chunk;
      this.#position = start;
      this.#end = end;
      this.#owned = false;
      return;
    }
    this.#own(end - start);
    chunk.copy(this.#bytes, this.#end, start, end);
    this.#end += end - start;
  }

  /**
   * The next whole message, valid until the next call; undefined: not here yet.
   * @throws StatusError RESOURCE_EXHAUSTED above the largest size, UNIMPLEMENTED for a compressed one
   */
  next(): Buffer | undefined {
    if (this.buffered < prefixBytes) return undefined;
    const at = this.#position;
    const length = this.#bytes.readUInt32BE(at + 1);
    if (length > this.#maxBytes) {
      const problem = `a message of ${length} bytes; at most ${this.#maxBytes} are taken`;
      throw new StatusError(Status.RESOURCE_EXHAUSTED, problem);
    }
    if (this.#bytes[at] !== 0) {
      throw new StatusError(Status.UNIMPLEMENTED, 'compressed messages are not taken: use identity');
    }
    if (this.buffered < prefixBytes + length) return undefined;
    this.#position = at + prefixBytes + length;
    return this.#bytes.subarray(at + prefixBytes, this.#position);
  }

  /** Makes what is left our own, for the chunk's memory is the caller's again. */
  keep(): void {
    if (this.buffered === 0) this.clear();
    else if (!this.#owned) this.#own(0);
  }

  /** Moves what is left to memory of our own with room for `more` bytes. */
  #own(more: number): void {
    const needed = this.buffered + more;
    if (this.#owned && this.#end + more <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(this.#owned ? Math.max(needed, 2 * this.buffered) : needed);
    this.#bytes.copy(grown, 0, this.#position, this.#end);
    this.#end = this.buffered;
    this.#position = 0;
    this.#bytes = grown;
    this.#owned = true;
  }
}
