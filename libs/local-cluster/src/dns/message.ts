import { AUTHORITATIVE_ANSWER, RECURSION_DESIRED, TRUNCATED_RESPONSE, decode, encode } from 'dns-packet';
import type { DecodedPacket, OptAnswer, Packet } from 'dns-packet';
import { answer, type ResponseCode, type Zone, type ZoneAnswer } from './zone.ts';

export interface Response {
  bytes: Buffer;
  rcode: ResponseCode;
  /** True when the answer did not fit and the client has to ask again by TCP. */
  truncated: boolean;
}

/** RFC 1035, 4.2.1: what a client without EDNS can take by UDP. */
const plainUdpBytes = 512;
/** What we send at most by UDP, whatever the client offers: avoids fragments (DNS flag day 2020). */
export const maxUdpBytes = 1232;

/** RFC 1035, 4.1.1 */
const rcodes: Readonly<Record<ResponseCode, number>> = {
  NOERROR: 0,
  FORMERR: 1,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
};

/**
 * From the bytes of a query to the bytes of its response. A pure function.
 * @returns undefined for what is no query: it must not be answered, else two servers could answer each other for ever
 */
export function respond(query: Buffer, zone: Zone, transport: 'udp' | 'tcp'): Response | undefined {
  let packet: DecodedPacket;
  try {
    packet = decode(query);
  } catch {
    return undefined;
  }
  if (packet.flag_qr) return undefined;
  if (!packet.questions?.every(({ name }) => isName(name))) packet.questions = [];

  const result = resolve(packet, zone);
  const edns = packet.additionals?.find((record): record is OptAnswer => record.type === 'OPT');
  const whole = encode(toPacket(packet, result, edns, false));
  if (transport === 'tcp' || whole.length <= udpLimit(edns))
    return { bytes: whole, rcode: result.rcode, truncated: false };
  const empty = { ...result, answers: [], authorities: [] };
  return { bytes: encode(toPacket(packet, empty, edns, true)), rcode: result.rcode, truncated: true };
}

/**
 * RFC 1035, 2.3.4. A label may hold any octets (RFC 2181, 11), but dns-packet makes text of them: a dot in a label ends it,
 * and what is no UTF-8 gets longer. What is no name then cannot be sent back.
 */
function isName(name: string): boolean {
  const fits = (label: string) => label !== '' && Buffer.byteLength(label) <= 63;
  return name === '.' || (Buffer.byteLength(name) <= 253 && name.split('.').every(fits));
}

function resolve(packet: DecodedPacket, zone: Zone): ZoneAnswer {
  const empty = { answers: [], authorities: [] };
  // dns-packet decodes the opcode, but its types do not say so.
  if ((packet as DecodedPacket & { opcode: string }).opcode !== 'QUERY') return { rcode: 'NOTIMP', ...empty };
  const [question, ...others] = packet.questions ?? [];
  if (!question || others.length > 0) return { rcode: 'FORMERR', ...empty };
  return answer(zone, question);
}

function toPacket(
  query: DecodedPacket,
  result: ZoneAnswer,
  edns: OptAnswer | undefined,
  truncated: boolean,
): Packet {
  const echoed = (query.flags ?? 0) & (RECURSION_DESIRED | 0x7800); // the opcode comes back too
  const authoritative = result.rcode === 'NOERROR' || result.rcode === 'NXDOMAIN' ? AUTHORITATIVE_ANSWER : 0;
  return {
    type: 'response',
    id: query.id ?? 0,
    flags: echoed | authoritative | (truncated ? TRUNCATED_RESPONSE : 0) | rcodes[result.rcode],
    questions: query.questions?.slice(0, 1) ?? [],
    answers: result.answers,
    authorities: result.authorities,
    additionals: edns ? [optRecord()] : [],
  };
}

function udpLimit(edns: OptAnswer | undefined): number {
  if (!edns) return plainUdpBytes;
  return Math.min(maxUdpBytes, Math.max(plainUdpBytes, edns.udpPayloadSize));
}

/** RFC 6891: a query with EDNS gets a response with EDNS. */
function optRecord(): OptAnswer {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: maxUdpBytes,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
}
