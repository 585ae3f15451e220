import { decode, encode, type OptAnswer, type Packet } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxUdpBytes, respond } from './message.ts';
import type { Zone } from './zone.ts';

const zoneOf = (pods: number): Zone => ({
  domain: 'cluster.local',
  ttlS: 5,
  services: [
    {
      name: 'echo',
      namespace: 'default',
      portName: 'grpc',
      protocol: 'tcp',
      endpoints: Array.from({ length: pods }, (_, i) => ({
        hostname: `echo-${i}`,
        address: '127.0.0.1',
        port: 1000 + i,
      })),
    },
  ],
});
const question = { type: 'SRV', name: '_grpc._tcp.echo.default.svc.cluster.local' } as const;
const query = (more: Packet = {}) => encode({ type: 'query', id: 77, questions: [question], ...more });
const edns = (udpPayloadSize: number) =>
  ({
    type: 'OPT',
    name: '.',
    udpPayloadSize,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    options: [],
  }) as never as OptAnswer;

describe('a response by UDP', () => {
  it('has id, question and answers', () => {
    const { bytes } = respond(query(), zoneOf(2), 'udp')!;
    const packet = decode(bytes);
    expect(packet).toMatchObject({
      id: 77,
      flag_qr: true,
      flag_aa: true,
      flag_tc: false,
      questions: [question],
    });
    expect(packet.answers).toHaveLength(2);
    expect(packet.additionals).toEqual([]);
  });

  it.each([
    ['512 bytes without EDNS', undefined, 512],
    ['what the client can take', edns(900), 900],
    ['1232 bytes though the client can take more', edns(60_000), maxUdpBytes],
    ['512 bytes though the client says less', edns(10), 512],
  ])('is no longer than %s', (_, opt, limit) => {
    const additionals = opt ? [opt] : [];
    let sizeOfLastWhole = 0;
    for (let pods = 1; pods <= 20; pods++) {
      const { bytes, truncated } = respond(query({ additionals }), zoneOf(pods), 'udp')!;
      const packet = decode(bytes);
      expect(bytes.length).toBeLessThanOrEqual(limit);
      expect(packet.flag_tc).toBe(truncated);
      expect(packet.answers).toHaveLength(truncated ? 0 : pods);
      expect(packet.additionals).toHaveLength(opt ? 1 : 0);
      if (!truncated) sizeOfLastWhole = bytes.length;
    }
    expect(sizeOfLastWhole).toBeGreaterThan(limit - 150); // one more record would not have fitted
  });

  it('is whole by TCP', () => {
    expect(decode(respond(query(), zoneOf(50), 'tcp')!.bytes).answers).toHaveLength(50);
  });
});

describe('odd queries', () => {
  const rcodeOf = (bytes: Buffer) => respond(bytes, zoneOf(1), 'udp')?.rcode;

  it('with no question, or two, are FORMERR', () => {
    expect(rcodeOf(query({ questions: [] }))).toBe('FORMERR');
    expect(rcodeOf(query({ questions: [question, question] }))).toBe('FORMERR');
  });

  it('with a dot in a label are FORMERR, without the question', () => {
    const bytes = query();
    bytes[bytes.indexOf('_grpc') + 4] = '.'.charCodeAt(0); // _grp. beside _tcp: no label between two dots
    expect(decode(respond(bytes, zoneOf(1), 'udp')!.bytes)).toMatchObject({
      rcode: 'FORMERR',
      questions: [],
    });
  });

  it('that are updates or notifications are NOTIMP', () => {
    const update = query({ flags: 5 << 11 });
    expect(rcodeOf(update)).toBe('NOTIMP');
    expect(decode(respond(update, zoneOf(1), 'udp')!.bytes)).toMatchObject({
      opcode: 'UPDATE',
      rcode: 'NOTIMP',
    });
  });

  it('that are responses get none', () => {
    expect(rcodeOf(query({ type: 'response' }))).toBeUndefined();
  });

  it('never throw, whatever the bytes', () => {
    const mutated = fc
      .tuple(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }), fc.nat())
      .map(([changes, cut]) => {
        const bytes = query({ additionals: [edns(1232)] });
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes.subarray(0, bytes.length - (cut % 20));
      });
    const anything = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(mutated, anything), (bytes) => {
        const response = respond(bytes, zoneOf(2), 'udp');
        if (response) expect(decode(response.bytes).flag_qr).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
