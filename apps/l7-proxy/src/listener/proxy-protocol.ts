import { isIP } from 'node:net';
import { canonicalAddress } from '@evenly/endpoints';

/**
 * The PROXY protocol (HAProxy's specification, 2.1 and 2.2): a load balancer that forwards TCP says in front of the bytes
 * who is behind it.
 */
export interface ProxyHeader {
  /** Bytes of the header. */
  length: number;
  /** Undefined: the sender speaks for itself (LOCAL, UNKNOWN, a Unix socket). */
  address: string | undefined;
}

const v2Signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const v1Start = Buffer.from('PROXY ');
/** 2.1: the longest line, with its CRLF. */
const v1MaxBytes = 107;
/** Addresses and extensions (TLVs) behind the 16 bytes of a v2 header; those that are known take a few hundred bytes. */
const v2MaxRest = 4096;

/**
 * @param bytes all that has come so far
 * @returns undefined: more is needed
 * @throws Error when this is no such header
 */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | undefined {
  if (startsAlike(bytes, v2Signature)) return parseV2(bytes);
  if (startsAlike(bytes, v1Start)) return parseV1(bytes);
  throw new Error('no PROXY protocol header');
}

/** One begins with the other, whichever is shorter. */
function startsAlike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
}

function parseV1(bytes: Buffer): ProxyHeader | undefined {
  const end = bytes.subarray(0, v1MaxBytes).indexOf('\r\n');
  if (end < 0) {
    if (bytes.length >= v1MaxBytes) throw new Error('PROXY line without an end');
    return undefined;
  }
  const length = end + 2;
  const [, family, source = '', destination = '', ...ports] = bytes.toString('latin1', 0, end).split(' ');
  if (family === 'UNKNOWN') return { length, address: undefined };
  const version = { TCP4: 4, TCP6: 6 }[family ?? ''];
  const addressesFit = isIP(source) === version && isIP(destination) === version;
  const portsFit =
    ports.length === 2 && ports.every((port) => /^(0|[1-9]\d{0,4})$/.test(port) && +port < 65_536);
  if (version === undefined || !addressesFit || !portsFit) throw new Error('bad PROXY line');
  return { length, address: canonicalAddress(source) };
}

function parseV2(bytes: Buffer): ProxyHeader | undefined {
  if (bytes.length < 16) return undefined;
  const versionAndCommand = bytes[12]!;
  if (versionAndCommand >> 4 !== 2) throw new Error('PROXY protocol of another version');
  const command = versionAndCommand & 0xf;
  if (command > 1) throw new Error('unknown PROXY command');
  const rest = bytes.readUInt16BE(14);
  if (rest > v2MaxRest) throw new Error('PROXY header too long');
  if (bytes.length < 16 + rest) return undefined;
  const address = command === 0 ? undefined : sourceOf(bytes[13]!, bytes.subarray(16, 16 + rest));
  return { length: 16 + rest, address };
}

/** @param family address family in the upper half, transport in the lower */
function sourceOf(family: number, addresses: Buffer): string | undefined {
  switch (family >> 4) {
    case 1:
      if (addresses.length < 12) throw new Error('PROXY header too short');
      return addresses.subarray(0, 4).join('.');
    case 2: {
      if (addresses.length < 36) throw new Error('PROXY header too short');
      const groups = Array.from({ length: 8 }, (_, index) => addresses.readUInt16BE(index * 2).toString(16));
      return canonicalAddress(groups.join(':'));
    }
    default:
      return undefined; // unspecified, or a Unix socket
  }
}
