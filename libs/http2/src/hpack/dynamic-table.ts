import type { HeaderField } from '../headers/field.ts';

/** What an entry costs beyond its octets (RFC 7541 §4.1). */
export const ENTRY_OVERHEAD = 32;

export function entrySize(name: string, value: string): number {
  return name.length + value.length + ENTRY_OVERHEAD;
}

/** Is told of an entry that leaves the table. @param serial how many had been inserted before it */
export interface EvictionListener {
  evicted(entry: HeaderField, serial: number): void;
}

/** The dynamic table of one direction of a connection (RFC 7541 §2.3.2): newest entry first, oldest evicted. */
export class DynamicTable {
  /** Bytes it may hold, by RFC 7541 §4.1's count. */
  maxSize: number;
  /** Bytes it holds. */
  size = 0;
  /** Entries ever inserted: with `maxSize`'s changes, what an index means depends on it. */
  inserted = 0;
  private readonly listener: EvictionListener | undefined;
  /** Oldest first, from `first` on. */
  private entries: HeaderField[] = [];
  private first = 0;

  constructor(maxSize: number, listener?: EvictionListener) {
    this.maxSize = maxSize;
    this.listener = listener;
  }

  get length(): number {
    return this.entries.length - this.first;
  }

  /** Entry at `offset`, 0 being the newest; undefined beyond the end. */
  at(offset: number): HeaderField | undefined {
    return offset < this.length ? this.entries[this.entries.length - 1 - offset] : undefined;
  }

  /** Inserts after evicting what does not fit any more; an entry larger than the table empties it (§4.4). */
  insert(entry: HeaderField): void {
    const size = entrySize(entry.name, entry.value);
    this.evictTo(this.maxSize - size);
    if (size > this.maxSize) return;
    this.entries.push(entry);
    this.size += size;
    this.inserted++;
  }

  resize(maxSize: number): void {
    this.maxSize = maxSize;
    this.evictTo(maxSize);
  }

  private evictTo(size: number): void {
    while (this.size > size && this.length > 0) {
      const entry = this.entries[this.first]!;
      this.listener?.evicted(entry, this.inserted - this.length);
      this.first++;
      this.size -= entrySize(entry.name, entry.value);
    }
    // Moving entries down at every eviction would cost a copy each time; half and half is amortised.
    if (this.first > 32 && this.first * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.first);
      this.first = 0;
    }
  }
}
