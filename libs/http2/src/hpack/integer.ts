import { ErrorCode, Http2Error } from '../errors.ts';
import type { ByteCursor, ByteWriter } from './bytes.ts';

/** Nothing in HTTP/2 needs more; refusing early keeps arithmetic in 32 bits (RFC 7541 §5.1). */
const MAX_INTEGER = 0x0fff_ffff;

/**
 * Reads an integer whose first byte keeps `prefixBits` bits for it (RFC 7541 §5.1).
 * @throws Http2Error COMPRESSION_ERROR when it is cut off or above 2^28 − 1
 */
export function readInteger(cursor: ByteCursor, prefixBits: number): number {
  const { bytes, end } = cursor;
  if (cursor.position >= end) throw compressionError('integer cut off');
  const mask = (1 << prefixBits) - 1;
  let value = bytes[cursor.position++]! & mask;
  if (value < mask) return value;
  for (let shift = 0; shift <= 28; shift += 7) {
    if (cursor.position >= end) throw compressionError('integer cut off');
    const byte = bytes[cursor.position++]!;
    value += (byte & 0x7f) * 2 ** shift;
    if (value > MAX_INTEGER) throw compressionError('integer too large');
    if (byte < 0x80) return value;
  }
  throw compressionError('integer too long');
}

/** Writes `value` with `firstBits` above the prefix (RFC 7541 §5.1). */
export function writeInteger(writer: ByteWriter, firstBits: number, prefixBits: number, value: number): void {
  writer.reserve(6);
  const { bytes } = writer;
  const mask = (1 << prefixBits) - 1;
  if (value < mask) {
    bytes[writer.position++] = firstBits | value;
    return;
  }
  bytes[writer.position++] = firstBits | mask;
  let rest = value - mask;
  while (rest >= 0x80) {
    bytes[writer.position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[writer.position++] = rest;
}

/** A fault in a header block: always a connection error (RFC 9113 §4.3). */
export function compressionError(reason: string): Http2Error {
  return new Http2Error(ErrorCode.COMPRESSION_ERROR, reason);
}
