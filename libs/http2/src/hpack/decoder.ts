import type { HeaderField } from '../headers/field.ts';
import { ByteCursor } from './bytes.ts';
import { DynamicTable, entrySize } from './dynamic-table.ts';
import { decodeHuffman } from './huffman.ts';
import { compressionError, readInteger } from './integer.ts';
import { STATIC_ENTRIES, staticTable } from './static-table.ts';

export interface DecodeLimits {
  /** Most fields of one block. */
  readonly maxFields: number;
  /** Most bytes of one decoded block: names, values and 32 per field (RFC 9113 §6.5.2). */
  readonly maxListBytes: number;
}

export interface DecodedBlock {
  /** Fields in order; cut off where a limit was crossed. */
  readonly fields: HeaderField[];
  /** Names, values and 32 per field, of all fields of the block. */
  readonly listBytes: number;
  /** A limit was crossed. The block was still decoded to its end, which keeps the table right. */
  readonly tooLarge: boolean;
}

/** Of the block that is being decoded, whichever decoder's it is. */
const cursor = new ByteCursor(Buffer.alloc(0));

/** Decodes the header blocks of one direction of a connection (RFC 7541). */
export class Decoder {
  private readonly table = new DynamicTable(4096);
  /** Largest table the peer may choose: our SETTINGS_HEADER_TABLE_SIZE, once acknowledged. */
  private allowedSize = 4096;
  private sizeUpdateDue = false;
  private resizes = 0;

  /** Changes whenever the table changes: while it stands, the same bytes mean the same fields. */
  get version(): number {
    return this.table.inserted + this.resizes;
  }

  /** Bytes in the dynamic table. */
  get tableBytes(): number {
    return this.table.size;
  }

  /** Our SETTINGS_HEADER_TABLE_SIZE has been acknowledged by the peer. */
  setAllowedSize(size: number): void {
    this.allowedSize = size;
    // RFC 7541 §4.2: having been told a smaller maximum, the encoder must start its next block with an update.
    this.sizeUpdateDue = this.table.maxSize > size;
  }

  /**
   * Decodes one whole block, `bytes[start, end)`.
   * @throws Http2Error COMPRESSION_ERROR
   */
  decode(bytes: Buffer, start: number, end: number, limits: DecodeLimits): DecodedBlock {
    cursor.bytes = bytes;
    cursor.position = start;
    cursor.end = end;
    this.readSizeUpdates(cursor);
    const fields: HeaderField[] = [];
    let listBytes = 0;
    let tooLarge = false;
    while (cursor.position < end) {
      const field = this.readField(cursor);
      listBytes += entrySize(field.name, field.value);
      if (listBytes > limits.maxListBytes || fields.length >= limits.maxFields) tooLarge = true;
      else fields.push(field);
    }
    return { fields, listBytes, tooLarge };
  }

  /** Size updates are allowed only before the first field, and at most two make sense (RFC 7541 §4.2). */
  private readSizeUpdates(cursor: ByteCursor): void {
    for (let count = 0; cursor.position < cursor.end; count++) {
      if ((cursor.bytes[cursor.position]! & 0xe0) !== 0x20) break;
      if (count === 2) throw compressionError('more than two table size updates');
      const size = readInteger(cursor, 5);
      if (size > this.allowedSize) throw compressionError(`table size ${size}, allowed ${this.allowedSize}`);
      this.table.resize(size);
      this.resizes++;
      this.sizeUpdateDue = false;
    }
    if (this.sizeUpdateDue) throw compressionError('table size update missing');
  }

  private readField(cursor: ByteCursor): HeaderField {
    const first = cursor.bytes[cursor.position]!;
    if (first >= 0x80) return this.entry(readInteger(cursor, 7));
    if (first >= 0x40) {
      const field = this.readLiteral(cursor, 6, false);
      this.table.insert(field);
      // An entry too large for the table empties it without being inserted: the table changed all the same.
      this.resizes++;
      return field;
    }
    if (first >= 0x20) throw compressionError('table size update inside a block');
    return this.readLiteral(cursor, 4, first >= 0x10);
  }

  private readLiteral(cursor: ByteCursor, prefixBits: number, sensitive: boolean): HeaderField {
    const index = readInteger(cursor, prefixBits);
    const name = index === 0 ? readString(cursor) : this.entry(index).name;
    return { name, value: readString(cursor), sensitive };
  }

  private entry(index: number): HeaderField {
    const entry = index <= STATIC_ENTRIES ? staticTable[index] : this.table.at(index - STATIC_ENTRIES - 1);
    if (entry === undefined || index === 0) throw compressionError(`no entry at index ${index}`);
    return entry;
  }
}

/** A string literal (RFC 7541 §5.2) as octets, latin1. */
function readString(cursor: ByteCursor): string {
  if (cursor.position >= cursor.end) throw compressionError('string cut off');
  const huffman = cursor.bytes[cursor.position]! >= 0x80;
  const length = readInteger(cursor, 7);
  const start = cursor.position;
  const end = start + length;
  if (end > cursor.end) throw compressionError('string cut off');
  cursor.position = end;
  return huffman ? decodeHuffman(cursor.bytes, start, end) : cursor.bytes.toString('latin1', start, end);
}
