import type { MemoryShare } from '@evenly/http2';

/** Bytes of a slab: requests share one, so that saving them allocates next to nothing. */
const slabBytes = 65_536;
/** Slabs without users that are kept for the next requests. */
const maxFreeSlabs = 128;
const nothing = Buffer.alloc(0);

/** Memory that requests share; used from its beginning again when none of them needs it any more. */
class ReplaySlab {
  readonly memory = Buffer.allocUnsafeSlow(slabBytes);
  position = 0;
  users = 0;
}

/** What all calls together may keep for another attempt. */
export class ReplayStore {
  readonly maxBytesPerCall: number;
  readonly maxBytes: number;
  /** Bytes saved. */
  usedBytes = 0;
  /** Slabs that requests refer to. One byte keeps a whole one. */
  private usedSlabs = 0;
  private readonly free: ReplaySlab[] = [];
  private slab = new ReplaySlab();

  constructor(limits: { maxBytesPerCall: number; maxBytes: number }) {
    this.maxBytesPerCall = limits.maxBytesPerCall;
    this.maxBytes = limits.maxBytes;
  }

  /** Whether so many bytes more may be kept for the case of another attempt. */
  hasRoomFor(count: number): boolean {
    if (this.usedBytes + count > this.maxBytes) return false;
    return this.usedSlabs <= 1 || this.usedSlabs * slabBytes <= this.maxBytes;
  }

  /** The slab with room for some bytes at its `position`, which the caller moves on. */
  withRoom(): ReplaySlab {
    if (this.slab.position === slabBytes) this.slab = this.free.pop() ?? new ReplaySlab();
    return this.slab;
  }

  retain(slab: ReplaySlab): void {
    if (slab.users++ === 0) this.usedSlabs++;
  }

  release(slab: ReplaySlab): void {
    if (--slab.users > 0) return;
    this.usedSlabs--;
    slab.position = 0;
    if (slab !== this.slab && this.free.length < maxFreeSlabs) this.free.push(slab);
  }
}

interface Piece {
  readonly slab: ReplaySlab;
  readonly start: number;
  readonly end: number;
}

/** The content of one request, kept until its response begins: to be sent once there is a connection, or once more. */
export class SavedRequest {
  bytes = 0;
  private readonly store: ReplayStore;
  private readonly memory: MemoryShare | undefined;
  /** The last piece, in fields: most requests have one, and an object for it would cost as much as the copy. */
  private slab: ReplaySlab | undefined = undefined;
  private start = 0;
  private end = 0;
  private earlier: Piece[] | undefined = undefined;

  /** @param memory the client's */
  constructor(store: ReplayStore, memory: MemoryShare | undefined) {
    this.store = store;
    this.memory = memory;
  }

  /** Whether so many bytes more may be kept for the case of another attempt. */
  hasRoomFor(count: number): boolean {
    if (this.bytes + count > this.store.maxBytesPerCall || this.memory?.refusesWork === true) return false;
    return this.store.hasRoomFor(count);
  }

  add(bytes: Buffer, start: number, end: number): void {
    for (let from = start; from < end;) {
      const slab = this.store.withRoom();
      const count = Math.min(end - from, slabBytes - slab.position);
      bytes.copy(slab.memory, slab.position, from, from + count);
      if (this.slab === slab && this.end === slab.position) this.end += count;
      else this.next(slab, count);
      slab.position += count;
      from += count;
    }
    this.bytes += end - start;
    this.store.usedBytes += end - start;
    this.memory?.add(end - start);
  }

  /** In order, until all is sent or it is released; arguments as of `Connection.sendData`. */
  forEach(send: (bytes: Buffer, start: number, end: number, isLast: boolean) => void): void {
    const { earlier, slab, start, end } = this;
    if (earlier !== undefined) {
      for (const piece of earlier) {
        if (this.slab === undefined) return;
        send(piece.slab.memory, piece.start, piece.end, false);
      }
    }
    if (slab === undefined) send(nothing, 0, 0, true);
    else if (this.slab !== undefined) send(slab.memory, start, end, true);
  }

  /** Must be called once, or its bytes stay counted. From here on the memory is others'. */
  release(): void {
    const { store, slab, earlier } = this;
    store.usedBytes -= this.bytes;
    this.memory?.add(-this.bytes);
    this.bytes = 0;
    this.slab = undefined;
    this.earlier = undefined;
    if (slab !== undefined) store.release(slab);
    if (earlier !== undefined) for (const piece of earlier) store.release(piece.slab);
  }

  private next(slab: ReplaySlab, count: number): void {
    if (this.slab !== undefined) {
      (this.earlier ??= []).push({ slab: this.slab, start: this.start, end: this.end });
    }
    this.store.retain(slab);
    this.slab = slab;
    this.start = slab.position;
    this.end = slab.position + count;
  }
}
