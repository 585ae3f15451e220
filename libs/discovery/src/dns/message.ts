import { randomInt } from 'node:crypto';
import { decode, encode, RECURSION_DESIRED, TRUNCATED_RESPONSE } from 'dns-packet';
import type { Answer, DecodedPacket, Packet, StringAnswer } from 'dns-packet';
import { DiscoveryError } from '@evenly/endpoints';

export type RecordType = 'SRV' | 'A' | 'AAAA';

/** A record of an answer, of a type that is used here. Names are in lower case, without the dot at the end. */
export type DnsRecord =
  | {
      type: 'SRV';
      name: string;
      ttlS: number;
      priority: number;
      weight: number;
      port: number;
      target: string;
    }
  | { type: 'A' | 'AAAA' | 'CNAME'; name: string; ttlS: number; data: string };

export interface DnsQuery {
  id: number;
  name: string;
  type: RecordType;
  bytes: Buffer;
}

export interface DnsResponse {
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, … */
  rcode: string;
  /** It did not fit: what is there is a part (RFC 2181 §9). */
  truncated: boolean;
  answers: DnsRecord[];
  /** What the server thinks will be asked next: the addresses of SRV targets, if it likes. */
  additionals: DnsRecord[];
}

/** What we take by UDP: avoids fragments (DNS flag day 2020). */
const udpPayloadSize = 1232;

/**
 * @param withEdns false for servers that refuse EDNS with FORMERR (RFC 6891 §7)
 */
export function dnsQuery(name: string, type: RecordType, withEdns = true): DnsQuery {
  const id = randomInt(0x1_0000);
  const packet = { type: 'query', id, flags: RECURSION_DESIRED, questions: [{ type, name, class: 'IN' }] };
  const opt = { type: 'OPT', name: '.', udpPayloadSize, flags: 0 };
  return { id, name, type, bytes: encode({ ...packet, additionals: withEdns ? [opt] : [] } as Packet) };
}

/** @returns undefined for what is no response to that query: a late one, a forged one, or garbage */
export function readResponse(bytes: Buffer, query: DnsQuery): DnsResponse | undefined {
  const packet = decodeOrUndefined(bytes);
  if (packet === undefined) return isCutOff(bytes, query) ? cutOff : undefined;
  if (!packet.flag_qr || packet.id !== query.id) return undefined;
  const [question] = packet.questions ?? [];
  // Servers that cannot read a query may leave the question out.
  if (question !== undefined && (question.type !== query.type || !sameName(question.name, query.name)))
    return undefined;
  return {
    rcode: (packet as DecodedPacket & { rcode: string }).rcode,
    truncated: packet.flag_tc,
    answers: (packet.answers ?? []).flatMap(usedRecord),
    additionals: (packet.additionals ?? []).flatMap(usedRecord),
  };
}

/** @throws DiscoveryError BAD_CONFIG when no such name can be in the DNS (RFC 1035 §2.3.4) */
export function checkDnsName(name: string): void {
  const labels = name.replace(/\.$/, '').split('.');
  const fits = name.length <= 254 && labels.every((label) => label.length >= 1 && label.length <= 63);
  if (!fits) throw new DiscoveryError('BAD_CONFIG', `${JSON.stringify(name)} is no DNS name`);
}

export const sameName = (a: string, b: string): boolean => normalName(a) === normalName(b);
export const normalName = (name: string): string => name.replace(/\.$/, '').toLowerCase();

function decodeOrUndefined(bytes: Buffer): DecodedPacket | undefined {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}

/** Some servers cut a response in the middle of a record; its header is readable all the same (RFC 1035 §4.1.1). */
function isCutOff(bytes: Buffer, query: DnsQuery): boolean {
  if (bytes.length < 12 || bytes.readUInt16BE(0) !== query.id) return false;
  const flags = bytes.readUInt16BE(2);
  return (flags & RESPONSE) !== 0 && (flags & TRUNCATED_RESPONSE) !== 0;
}

const RESPONSE = 1 << 15;
const cutOff: DnsResponse = { rcode: 'NOERROR', truncated: true, answers: [], additionals: [] };

function usedRecord(record: Answer): DnsRecord[] {
  const name = normalName(record.name);
  if (record.type === 'SRV') {
    const { priority = 0, weight = 0, port, target } = record.data;
    return [{ type: 'SRV', name, ttlS: record.ttl ?? 0, priority, weight, port, target: normalName(target) }];
  }
  if (record.type !== 'A' && record.type !== 'AAAA' && record.type !== 'CNAME') return [];
  const { type, ttl = 0, data } = record as StringAnswer & { type: 'A' | 'AAAA' | 'CNAME' };
  return [{ type, name, ttlS: ttl, data: type === 'CNAME' ? normalName(data) : data }];
}
