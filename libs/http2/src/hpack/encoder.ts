import type { HeaderBlock } from '../headers/block.ts';
import type { HeaderField } from '../headers/field.ts';
import { ByteWriter } from './bytes.ts';
import { DynamicTable, entrySize, type EvictionListener } from './dynamic-table.ts';
import { huffmanLength, writeHuffman } from './huffman.ts';
import { writeInteger } from './integer.ts';
import { indexableNames, secretNames } from './policy.ts';
import { STATIC_ENTRIES, staticFieldIndex, staticNameIndex } from './static-table.ts';

const MAX_INDEXED_VALUE = 256;
const MAX_CANDIDATES = 128;
const MAX_MEMO_ENTRIES = 64;
const MAX_MEMO_BYTES = 65_536;
/** Characters up to which writing them one by one is cheaper than a call of node's. */
const MAX_SHORT_TEXT = 64;
/** A full table takes a new entry only this many blocks after the last: each insertion voids the memo. */
const BLOCKS_BETWEEN_EVICTIONS = 1024;

/** Where all encoders write before the bytes are copied away. */
const scratch = new ByteWriter(4096);

/**
 * Encodes the header blocks of one direction of a connection (RFC 7541). Fields seen twice are inserted into
 * the peer's table early, then the table is left alone: encoded blocks stay valid and are kept by identity of
 * their `HeaderBlock`, so a repeated block costs one Map look-up.
 */
export class Encoder implements EvictionListener {
  private readonly ownMaxSize: number;
  private readonly table: DynamicTable;
  // Made with the first that comes in: most connections of a server that has many say little.
  private serials: Map<string, Map<string, number>> | undefined = undefined;
  private candidates: Set<string> | undefined = undefined;
  private memo: Map<HeaderBlock, Uint8Array> | undefined = undefined;
  private memoBytes = 0;
  private blocksSinceInsert = 0;
  /** The block being written has a field that will be inserted when it comes again. */
  private learning = false;
  /** Size changes to announce with the next block: the smallest and the last (RFC 7541 §4.2). */
  private smallestSize = -1;
  private pendingSize = -1;

  /** @param maxTableSize most bytes we keep for the table, whatever the peer allows */
  constructor(maxTableSize: number) {
    this.ownMaxSize = maxTableSize;
    this.table = new DynamicTable(4096, this);
    this.setPeerTableSize(4096);
  }

  /** Bytes in the dynamic table. */
  get tableBytes(): number {
    return this.table.size;
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE; takes effect, and is announced, with the next block. */
  setPeerTableSize(size: number): void {
    const next = Math.min(size, this.ownMaxSize);
    if (this.pendingSize < 0 && next === this.table.maxSize) return;
    this.smallestSize = this.pendingSize < 0 ? next : Math.min(this.smallestSize, next);
    this.pendingSize = next;
  }

  /** The encoded block; valid until the next call. `extra` fields follow the block's own and are never memoised. */
  encode(block: HeaderBlock, extra?: readonly HeaderField[]): Uint8Array {
    this.blocksSinceInsert++;
    if (extra === undefined && this.pendingSize < 0) {
      const known = this.memo?.get(block);
      if (known !== undefined) return known;
    }
    scratch.position = 0;
    if (this.pendingSize >= 0) this.writeSizeUpdates();
    this.writeBlock(block);
    // No Huffman here: these bytes are made anew for every call.
    if (extra !== undefined) for (const field of extra) this.writeLiteral(field, false);
    return scratch.view();
  }

  private writeBlock(block: HeaderBlock): void {
    const known = this.memo?.get(block);
    if (known !== undefined) {
      scratch.append(known, 0, known.length);
      return;
    }
    const start = scratch.position;
    const inserted = this.table.inserted;
    this.learning = false;
    for (const field of block.fields) this.writeField(field, block.reusable);
    // A block that inserted, or will the next time, is not what to send from then on.
    if (block.reusable && !this.learning && inserted === this.table.inserted) this.remember(block, start);
  }

  private remember(block: HeaderBlock, start: number): void {
    const size = scratch.position - start;
    const memo = (this.memo ??= new Map<HeaderBlock, Uint8Array>());
    if (memo.size >= MAX_MEMO_ENTRIES || this.memoBytes + size > MAX_MEMO_BYTES) this.clearMemo();
    if (size > MAX_MEMO_BYTES) return;
    memo.set(block, Buffer.from(scratch.bytes.subarray(start, scratch.position)));
    this.memoBytes += size;
  }

  private clearMemo(): void {
    this.memo?.clear();
    this.memoBytes = 0;
  }

  private writeSizeUpdates(): void {
    if (this.smallestSize < this.pendingSize) {
      this.table.resize(this.smallestSize);
      writeInteger(scratch, 0x20, 5, this.smallestSize);
    }
    this.table.resize(this.pendingSize);
    writeInteger(scratch, 0x20, 5, this.pendingSize);
    this.pendingSize = -1;
    this.clearMemo();
  }

  /** @param huffman code literals: worth its cost only when the bytes are kept and sent again */
  private writeField(field: HeaderField, huffman: boolean): void {
    const { name, value } = field;
    if (field.sensitive || secretNames.has(name)) {
      this.writeLiteral(field, huffman);
      return;
    }
    const index = staticFieldIndex(name, value) || this.dynamicIndex(name, value);
    if (index > 0) writeInteger(scratch, 0x80, 7, index);
    else if (this.shouldInsert(name, value)) this.insert(field);
    else this.writeLiteral(field, huffman);
  }

  private dynamicIndex(name: string, value: string): number {
    const serial = this.serials?.get(name)?.get(value);
    return serial === undefined ? 0 : STATIC_ENTRIES + this.table.inserted - serial;
  }

  /** Only names that carry no secrets, only what comes again, and rarely once the table is full. */
  private shouldInsert(name: string, value: string): boolean {
    if (!indexableNames.has(name) || value.length > MAX_INDEXED_VALUE) return false;
    if (name === ':path' && value.includes('?')) return false; // query strings may carry secrets
    const size = entrySize(name, value);
    const fits = this.table.size + size <= this.table.maxSize;
    if (!fits && (size > this.table.maxSize || this.blocksSinceInsert < BLOCKS_BETWEEN_EVICTIONS))
      return false;
    const key = `${name}\0${value}`;
    const candidates = (this.candidates ??= new Set<string>());
    if (candidates.delete(key)) return true;
    if (candidates.size >= MAX_CANDIDATES) candidates.clear();
    candidates.add(key);
    this.learning = true;
    return false;
  }

  private insert(field: HeaderField): void {
    writeInteger(scratch, 0x40, 6, staticNameIndex(field.name));
    if (staticNameIndex(field.name) === 0) writeString(field.name, true);
    writeString(field.value, true);
    const serial = this.table.inserted;
    this.table.insert(field);
    const serials = (this.serials ??= new Map<string, Map<string, number>>());
    const values = serials.get(field.name) ?? new Map<string, number>();
    serials.set(field.name, values.set(field.value, serial));
    this.blocksSinceInsert = 0;
    this.clearMemo();
  }

  evicted(entry: HeaderField, serial: number): void {
    const values = this.serials?.get(entry.name);
    if (values?.get(entry.value) === serial) values.delete(entry.value);
    if (values?.size === 0) this.serials!.delete(entry.name);
  }

  /** Never-indexed stays never-indexed (RFC 7541 §6.2.3), and what is secret by name becomes so. */
  private writeLiteral(field: HeaderField, huffman: boolean): void {
    const nameIndex = staticNameIndex(field.name);
    const never = field.sensitive || secretNames.has(field.name);
    writeInteger(scratch, never ? 0x10 : 0, 4, nameIndex);
    if (nameIndex === 0) writeString(field.name, huffman);
    writeString(field.value, huffman);
  }
}

/** A string literal (RFC 7541 §5.2), Huffman-coded if asked and shorter. */
function writeString(text: string, huffman: boolean): void {
  const coded = huffman ? huffmanLength(text) : text.length;
  if (coded < text.length) {
    writeInteger(scratch, 0x80, 7, coded);
    writeHuffman(scratch, text, coded);
    return;
  }
  writeInteger(scratch, 0, 7, text.length);
  scratch.reserve(text.length);
  if (text.length > MAX_SHORT_TEXT) {
    scratch.position += scratch.bytes.write(text, scratch.position, 'latin1');
    return;
  }
  const { bytes, position } = scratch;
  for (let index = 0; index < text.length; index++) bytes[position + index] = text.charCodeAt(index);
  scratch.position += text.length;
}
