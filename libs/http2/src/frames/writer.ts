import { CLIENT_PREFACE, Flag, FRAME_HEADER_BYTES, FrameType } from './constants.ts';
import { copyBytes, Slab } from './slab.ts';

/** What follows urgent frames up to so many bytes leaves with them, for a copy costs less than a write of its own. */
const MAX_JOINED_BYTES = 3072;

/** Writes frames (RFC 9113 §6) into a slab. It checks nothing: the connection decides what may be sent. */
export class FrameWriter {
  readonly slab = new Slab();
  /** Leaves before everything else: our preface, then PING answers, so that a full queue delays no peer's clock. */
  readonly urgent = new Slab();

  /** What is no loss to the peer if it waits a moment: PING answers, a server's SETTINGS where calls have come already. */
  patientBytes = 0;

  /** Bytes written and not taken. */
  get pending(): number {
    return this.slab.pending + this.urgent.pending;
  }

  take(): Uint8Array | undefined {
    const { urgent, slab } = this;
    this.patientBytes = 0;
    if (urgent.pending === 0) return slab.take();
    const next = slab.pending <= MAX_JOINED_BYTES ? slab.take() : undefined;
    if (next !== undefined) urgent.append(next, 0, next.length);
    return urgent.take();
  }

  recycle(): void {
    this.urgent.recycle();
    this.slab.recycle();
  }

  release(): void {
    this.urgent.release();
    this.slab.release();
  }

  clear(): void {
    this.urgent.clear();
    this.slab.clear();
    this.patientBytes = 0;
  }

  /** A client's first bytes (RFC 9113 §3.4). */
  clientPreface(): void {
    const preface = Buffer.from(CLIENT_PREFACE, 'latin1');
    this.urgent.append(preface, 0, preface.length);
  }

  /** `pairs` is identifier, value, identifier, value, … */
  settings(pairs: readonly number[], first: boolean): void {
    const slab = first ? this.urgent : this.slab;
    writeHeader(slab, (pairs.length / 2) * 6, FrameType.SETTINGS, 0, 0);
    for (let index = 0; index < pairs.length; index += 2) {
      slab.position = slab.bytes.writeUInt16BE(pairs[index]!, slab.position);
      slab.position = slab.bytes.writeUInt32BE(pairs[index + 1]!, slab.position);
    }
  }

  settingsAck(): void {
    writeHeader(this.slab, 0, FrameType.SETTINGS, Flag.ACK, 0);
  }

  /** @param payload 8 bytes at `payload[from, from + 8)` */
  pingAck(payload: Uint8Array, from: number): void {
    writeHeader(this.urgent, 8, FrameType.PING, Flag.ACK, 0);
    this.urgent.append(payload, from, from + 8);
    this.patientBytes += FRAME_HEADER_BYTES + 8;
  }

  ping(payload: Uint8Array): void {
    writeHeader(this.slab, 8, FrameType.PING, 0, 0);
    this.slab.append(payload, 0, 8);
  }

  rstStream(streamId: number, code: number): void {
    writeHeader(this.slab, 4, FrameType.RST_STREAM, 0, streamId);
    writeUInt32(this.slab, code);
  }

  goaway(lastStreamId: number, code: number, debug: string): void {
    const text = Buffer.from(debug, 'utf8');
    writeHeader(this.slab, 8 + text.length, FrameType.GOAWAY, 0, 0);
    writeUInt32(this.slab, lastStreamId);
    writeUInt32(this.slab, code);
    this.slab.append(text, 0, text.length);
  }

  windowUpdate(streamId: number, increment: number): void {
    writeHeader(this.slab, 4, FrameType.WINDOW_UPDATE, 0, streamId);
    writeUInt32(this.slab, increment);
  }

  /** One DATA frame of `source[from, to)`: the bytes are copied here, once. */
  data(streamId: number, source: Uint8Array, from: number, to: number, endStream: boolean): void {
    const slab = this.slab;
    writeHeader(slab, to - from, FrameType.DATA, endStream ? Flag.END_STREAM : 0, streamId);
    slab.position += copyBytes(source, from, to, slab.bytes, slab.position);
  }

  /** HEADERS and, where the block exceeds `maxFrameSize`, CONTINUATION frames; nothing comes between them. */
  headers(streamId: number, block: Uint8Array, endStream: boolean, maxFrameSize: number): void {
    const length = block.length;
    let end = Math.min(length, maxFrameSize);
    let flags: number = endStream ? Flag.END_STREAM : 0;
    let type: number = FrameType.HEADERS;
    let start = 0;
    for (;;) {
      if (end === length) flags |= Flag.END_HEADERS;
      writeHeader(this.slab, end - start, type, flags, streamId);
      this.slab.position += copyBytes(block, start, end, this.slab.bytes, this.slab.position);
      if (end === length) return;
      type = FrameType.CONTINUATION;
      flags = 0;
      start = end;
      end = Math.min(length, end + maxFrameSize);
    }
  }
}

/** Reserves header and payload in one piece and writes the header. */
function writeHeader(slab: Slab, length: number, type: number, flags: number, streamId: number): void {
  slab.reserve(FRAME_HEADER_BYTES + length);
  const bytes = slab.bytes;
  const at = slab.position;
  bytes[at] = length >>> 16;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  bytes[at + 5] = streamId >>> 24;
  bytes[at + 6] = streamId >>> 16;
  bytes[at + 7] = streamId >>> 8;
  bytes[at + 8] = streamId;
  slab.position = at + FRAME_HEADER_BYTES;
}

function writeUInt32(slab: Slab, value: number): void {
  slab.position = slab.bytes.writeUInt32BE(value, slab.position);
}
