import type { HeaderBlock } from './block.ts';

const MAX_ENTRIES = 64;
/** Bytes of encoded and decoded blocks together, and of what is attached to them. */
export const MAX_MEMO_BYTES = 262_144;
const MAX_BLOCK_BYTES = 4_096;
const SEEN_SLOTS = 64;

interface Entry {
  readonly bytes: Uint8Array;
  readonly block: HeaderBlock;
}

/**
 * Encoded block → decoded block, while the decoder's table stands still. Looking up makes no garbage. Only
 * bytes seen twice are kept, so unique blocks (an attacker's, or ones with a trace id) do not push out others.
 */
export class BlockMemo {
  // Both are made when they are needed: a connection that makes one call and then nothing needs neither.
  private entries: Map<number, Entry> | undefined = undefined;
  /** Of the first block; afterwards `seen` has it. */
  private firstHash = -1;
  /** Hashes of blocks that came of late. */
  private seen: Int32Array | undefined = undefined;
  private version = -1;
  bytesKept = 0;

  /** The block that `bytes[start, end)` means under this version of the table, or undefined. */
  find(
    bytes: Uint8Array,
    start: number,
    end: number,
    hash: number,
    version: number,
  ): HeaderBlock | undefined {
    if (version !== this.version) {
      this.clear();
      this.version = version;
      return undefined;
    }
    const entry = this.entries?.get(hash);
    return entry !== undefined && sameBytes(entry.bytes, bytes, start, end) ? entry.block : undefined;
  }

  /** True the second time it is asked about this hash: then the block is worth keeping. */
  isRepeated(hash: number, length: number): boolean {
    if (this.firstHash < 0) {
      this.firstHash = hash;
      return false;
    }
    const seen = (this.seen ??= this.withFirst());
    const slot = hash % SEEN_SLOTS;
    const repeated = seen[slot] === hash;
    seen[slot] = hash;
    return repeated && length <= MAX_BLOCK_BYTES;
  }

  /** @param maxBytes of all that is kept */
  keep(
    bytes: Uint8Array,
    start: number,
    end: number,
    hash: number,
    block: HeaderBlock,
    maxBytes: number,
  ): void {
    // Twice: a forwarder attaches the block that it sends on.
    const size = end - start + block.memoryBytes * 2;
    if (size > maxBytes) return;
    const entries = (this.entries ??= new Map<number, Entry>());
    if (entries.size >= MAX_ENTRIES || this.bytesKept + size > maxBytes) this.clear();
    // Two blocks with one hash replace each other: a chain could be made long on purpose.
    entries.set(hash, { bytes: Uint8Array.prototype.slice.call(bytes, start, end), block });
    this.bytesKept += size;
  }

  private withFirst(): Int32Array {
    const seen = new Int32Array(SEEN_SLOTS);
    seen[this.firstHash % SEEN_SLOTS] = this.firstHash;
    return seen;
  }

  clear(): void {
    this.entries?.clear();
    this.bytesKept = 0;
  }
}

/** FNV-1a, cut to 30 bits so that it stays a small integer. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let position = start; position < end; position++)
    hash = Math.imul(hash ^ bytes[position]!, 0x01000193);
  return (hash ^ (hash >>> 30)) & 0x3fff_ffff;
}

function sameBytes(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let index = 0; index < known.length; index++) if (known[index] !== bytes[start + index]) return false;
  return true;
}
