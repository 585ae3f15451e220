/** Bytes of a slab: small requests share one, so that saving them allocates next to nothing. */
const slabBytes = 32_768;
/** Larger pieces get memory of their own, so that a slab is not kept alive by a few of its bytes. */
const largePieceBytes = slabBytes / 4;

/** What all calls together may keep for another try. */
export class ReplayStore {
  readonly maxBytesPerCall: number;
  readonly maxBytes: number;
  usedBytes = 0;
  /** The slab that has room, and where. An old one lives as long as a call refers to it. */
  slab = Buffer.allocUnsafeSlow(slabBytes);
  position = 0;

  constructor(limits: { maxBytesPerCall: number; maxBytes: number }) {
    this.maxBytesPerCall = limits.maxBytesPerCall;
    this.maxBytes = limits.maxBytes;
  }

  /** Copies the bytes into the slab. @returns where they begin */
  copy(bytes: Buffer, start: number, end: number): number {
    if (this.position + end - start > slabBytes) {
      this.slab = Buffer.allocUnsafeSlow(slabBytes);
      this.position = 0;
    }
    const at = this.position;
    bytes.copy(this.slab, at, start, end);
    this.position += end - start;
    return at;
  }
}

interface Piece {
  readonly memory: Buffer;
  readonly start: number;
  readonly end: number;
}

/** The content of one request, kept until its answer begins: to be sent once there is a connection, or once more. */
export class SavedRequest {
  bytes = 0;
  private readonly store: ReplayStore;
  /** The last piece, in fields: most requests have one, and an object for it would cost as much as the copy. */
  private memory: Buffer;
  private start = 0;
  private end = 0;
  private earlier: Piece[] | undefined = undefined;

  constructor(store: ReplayStore) {
    this.store = store;
    this.memory = store.slab;
  }

  /** Whether so many bytes more may be kept for the case of another try. */
  hasRoomFor(count: number): boolean {
    const { maxBytesPerCall, maxBytes, usedBytes } = this.store;
    return this.bytes + count <= maxBytesPerCall && usedBytes + count <= maxBytes;
  }

  add(bytes: Buffer, start: number, end: number): void {
    const { store } = this;
    const length = end - start;
    if (length > largePieceBytes) {
      this.next(Buffer.from(bytes.subarray(start, end)), 0, length);
    } else {
      const at = store.copy(bytes, start, end);
      if (this.memory === store.slab && this.end === at && this.bytes > 0) this.end += length;
      else this.next(store.slab, at, at + length);
    }
    this.bytes += length;
    store.usedBytes += length;
  }

  /** In order; arguments as of `Connection.sendData`. */
  forEach(send: (bytes: Buffer, start: number, end: number, isLast: boolean) => void): void {
    this.earlier?.forEach(({ memory, start, end }) => send(memory, start, end, false));
    send(this.memory, this.start, this.end, true);
  }

  /** Must be called once, or its bytes stay counted. */
  release(): void {
    this.store.usedBytes -= this.bytes;
    this.bytes = 0;
  }

  private next(memory: Buffer, start: number, end: number): void {
    if (this.bytes > 0) (this.earlier ??= []).push({ memory: this.memory, start: this.start, end: this.end });
    this.memory = memory;
    this.start = start;
    this.end = end;
  }
}
