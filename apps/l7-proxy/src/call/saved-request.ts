/** Bytes of a slab; small requests share one, so that saving them makes no garbage of their own. */
const slabBytes = 32_768;

interface Piece {
  readonly slab: Buffer;
  readonly start: number;
  end: number;
}

/** What all calls together may keep for another try. */
export class ReplayStore {
  readonly maxBytesPerCall: number;
  readonly maxBytes: number;
  usedBytes = 0;
  #slab = Buffer.allocUnsafeSlow(slabBytes);
  #position = 0;

  constructor(limits: { maxBytesPerCall: number; maxBytes: number }) {
    this.maxBytesPerCall = limits.maxBytesPerCall;
    this.maxBytes = limits.maxBytes;
  }

  /** Copies the bytes, behind `last` where it ends in the slab's free part. */
  copy(bytes: Buffer, start: number, end: number, last: Piece | undefined): Piece {
    const length = end - start;
    if (length > slabBytes / 4)
      return { slab: Buffer.from(bytes.subarray(start, end)), start: 0, end: length };
    if (this.#position + length > slabBytes) {
      // The old one lives as long as a call refers to it.
      this.#slab = Buffer.allocUnsafeSlow(slabBytes);
      this.#position = 0;
    }
    const at = this.#position;
    bytes.copy(this.#slab, at, start, end);
    this.#position += length;
    if (last !== undefined && last.slab === this.#slab && last.end === at) {
      last.end += length;
      return last;
    }
    return { slab: this.#slab, start: at, end: at + length };
  }
}

/** The content of one request, kept until its answer begins: to be sent once there is a connection, or once more. */
export class SavedRequest {
  readonly #store: ReplayStore;
  readonly #pieces: Piece[] = [];
  bytes = 0;

  constructor(store: ReplayStore) {
    this.#store = store;
  }

  /** Whether so many bytes more may be kept for the case of another try. */
  hasRoomFor(count: number): boolean {
    const { maxBytesPerCall, maxBytes, usedBytes } = this.#store;
    return this.bytes + count <= maxBytesPerCall && usedBytes + count <= maxBytes;
  }

  add(bytes: Buffer, start: number, end: number): void {
    const last = this.#pieces.at(-1);
    const piece = this.#store.copy(bytes, start, end, last);
    if (piece !== last) this.#pieces.push(piece);
    this.bytes += end - start;
    this.#store.usedBytes += end - start;
  }

  /** In order; memory as in `Connection.sendData`. */
  forEach(send: (bytes: Buffer, start: number, end: number, isLast: boolean) => void): void {
    const last = this.#pieces.length - 1;
    this.#pieces.forEach(({ slab, start, end }, index) => send(slab, start, end, index === last));
  }

  /** Must be called once, or its bytes stay counted. */
  release(): void {
    this.#store.usedBytes -= this.bytes;
    this.bytes = 0;
    this.#pieces.length = 0;
  }
}
