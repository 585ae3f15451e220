import type { Stream } from './stream.ts';

const LEAST_SLOTS = 4;
/** An empty table that is larger starts anew, so that a connection that once was busy does not keep the memory. */
const MOST_SLOTS_WHEN_EMPTY = 256;

/**
 * A connection's open streams, by id: an array with open addressing, because streams come and go as nothing else does.
 * A `Map` gets new memory every few streams, and in V8 the old memory refers to the new. Once such a piece has grown old,
 * all that follow are taken for alive, and so are the streams and calls in them: at 35,000 calls a second the heap grew
 * by 6 MB a second, until a full collection.
 *
 * Ids are not hashed. A peer that chooses them so that they collide makes each look-up pass all its open streams: 0.7 µs
 * with 1,000, where 27 ns are usual; the limit on concurrent streams bounds it.
 */
export class StreamTable<TUser = unknown> {
  private slots: (Stream<TUser> | undefined)[] = new Array<Stream<TUser> | undefined>(LEAST_SLOTS).fill(
    undefined,
  );
  private count = 0;

  get size(): number {
    return this.count;
  }

  get(id: number): Stream<TUser> | undefined {
    return this.slots[this.indexOf(id)];
  }

  /** @param stream whose id is not in the table */
  add(stream: Stream<TUser>): void {
    // At most half full: then a stream is one or two slots from where it belongs.
    if (this.count * 2 >= this.slots.length) this.resize(this.slots.length * 2);
    this.slots[this.indexOf(stream.id)] = stream;
    this.count++;
  }

  delete(id: number): void {
    const { slots } = this;
    const mask = slots.length - 1;
    let hole = this.indexOf(id);
    if (slots[hole] === undefined) return;
    this.count--;
    // Who was put aside moves up (Knuth, volume 3, algorithm 6.4R): no marks of deleted streams, which would pile up.
    for (let index = (hole + 1) & mask; slots[index] !== undefined; index = (index + 1) & mask) {
      const home = (slots[index]!.id >>> 1) & mask;
      if (((index - home) & mask) < ((index - hole) & mask)) continue;
      slots[hole] = slots[index];
      hole = index;
    }
    slots[hole] = undefined;
    if (this.count === 0 && slots.length > MOST_SLOTS_WHEN_EMPTY) this.resize(LEAST_SLOTS);
  }

  /** All streams as they are now, in the order of their ids. */
  values(): Stream<TUser>[] {
    return this.slots.filter((stream) => stream !== undefined).sort((a, b) => a.id - b.id);
  }

  /** The slot of the stream, or the free one where it would be. Ids of one side are two apart. */
  private indexOf(id: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    let index = (id >>> 1) & mask;
    for (let stream = slots[index]; stream !== undefined && stream.id !== id; stream = slots[index])
      index = (index + 1) & mask;
    return index;
  }

  /** @param size a power of two */
  private resize(size: number): void {
    const streams = this.slots;
    this.slots = new Array<Stream<TUser> | undefined>(size).fill(undefined);
    for (const stream of streams) if (stream !== undefined) this.slots[this.indexOf(stream.id)] = stream;
  }
}
