import { ErrorCode, Http2Error } from '../errors.ts';
import { bufferPool } from '../flow/buffer-pool.ts';
import { FRAME_HEADER_BYTES, FrameType } from './constants.ts';

/**
 * Receives one whole frame; its payload is `bytes[start, end)`, valid only during the call.
 * Returns false to stop reading (the connection has ended).
 */
export type FrameListener = (
  type: number,
  flags: number,
  streamId: number,
  bytes: Buffer,
  start: number,
  end: number,
) => boolean;

const NOTHING = Buffer.alloc(0);

/**
 * Cuts a byte stream into frames (RFC 9113 §4.1). Frames that lie whole in a chunk are passed on where
 * they lie; only a frame that straddles two chunks is copied. Holds at most one frame.
 */
export class FrameReader {
  private readonly maxFrameSize: number;
  private readonly listener: FrameListener;
  /** The frame begun in an earlier chunk: `partial[0, filled)`. */
  private partial: Buffer = NOTHING;
  private filled = 0;

  /** @param maxFrameSize largest payload accepted, bytes: our SETTINGS_MAX_FRAME_SIZE */
  constructor(maxFrameSize: number, listener: FrameListener) {
    this.maxFrameSize = maxFrameSize;
    this.listener = listener;
  }

  /** True while a frame other than DATA has begun and not ended (for the slow-loris time-out). */
  get insideControlFrame(): boolean {
    return this.filled > 0 && (this.filled < 4 || this.partial[3] !== FrameType.DATA);
  }

  /** Memory of the frame that has begun and not ended. */
  get heldBytes(): number {
    return this.filled > 0 ? this.partial.length : 0;
  }

  /** @throws Http2Error FRAME_SIZE_ERROR for a frame above the maximum */
  read(chunk: Buffer, from: number): void {
    let position = from;
    if (this.filled > 0) {
      position = this.finishPartial(chunk, position);
      if (position < 0) return;
    }
    const length = chunk.length;
    while (length - position >= FRAME_HEADER_BYTES) {
      const end = position + FRAME_HEADER_BYTES + this.payloadLength(chunk, position);
      if (end > length) break;
      if (!this.emit(chunk, position, end)) return;
      position = end;
    }
    if (position < length) this.keep(chunk, position);
  }

  private emit(bytes: Buffer, at: number, end: number): boolean {
    // The highest bit of the stream identifier is reserved and ignored.
    const id =
      ((bytes[at + 5]! & 0x7f) << 24) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 8) | bytes[at + 8]!;
    return this.listener(bytes[at + 3]!, bytes[at + 4]!, id, bytes, at + FRAME_HEADER_BYTES, end);
  }

  private payloadLength(bytes: Buffer, at: number): number {
    const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    if (length > this.maxFrameSize) {
      throw new Http2Error(
        ErrorCode.FRAME_SIZE_ERROR,
        `frame of ${length} bytes, allowed ${this.maxFrameSize}`,
      );
    }
    return length;
  }

  /** Starts to collect a frame of which only the beginning has arrived. */
  private keep(chunk: Buffer, from: number): void {
    const available = chunk.length - from;
    const size =
      available >= FRAME_HEADER_BYTES
        ? FRAME_HEADER_BYTES + this.payloadLength(chunk, from)
        : FRAME_HEADER_BYTES;
    this.partial = bufferPool.take(size);
    chunk.copy(this.partial, 0, from);
    this.filled = available;
  }

  /** Adds to the frame begun earlier; returns the position after it, or -1 when the chunk is used up. */
  private finishPartial(chunk: Buffer, from: number): number {
    let position = from;
    if (this.filled < FRAME_HEADER_BYTES) {
      position = this.fill(chunk, position, FRAME_HEADER_BYTES);
      if (this.filled < FRAME_HEADER_BYTES) return -1;
    }
    const size = FRAME_HEADER_BYTES + this.payloadLength(this.partial, 0);
    if (this.partial.length < size) {
      const whole = bufferPool.take(size);
      this.partial.copy(whole, 0, 0, this.filled);
      bufferPool.give(this.partial);
      this.partial = whole;
    }
    position = this.fill(chunk, position, size);
    if (this.filled < size) return -1;
    const frame = this.partial;
    this.partial = NOTHING;
    this.filled = 0;
    const goesOn = this.emit(frame, 0, size);
    bufferPool.give(frame);
    return goesOn ? position : -1;
  }

  private fill(chunk: Buffer, from: number, until: number): number {
    const count = Math.min(until - this.filled, chunk.length - from);
    chunk.copy(this.partial, this.filled, from, from + count);
    this.filled += count;
    return from + count;
  }
}
