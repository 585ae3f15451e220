import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { decode, encode, TRUNCATED_RESPONSE, type Answer, type Packet } from 'dns-packet';

export interface ScriptedAnswer {
  answers?: Answer[];
  additionals?: Answer[];
  /** 0 NOERROR (default), 1 FORMERR, 2 SERVFAIL, 3 NXDOMAIN, 4 NOTIMP, 5 REFUSED. */
  rcode?: number;
  truncated?: boolean;
  /** Only so many bytes of it are sent. */
  cutTo?: number;
  /** An answer to another query comes first, as from a forger. */
  forgedFirst?: boolean;
}

/** @returns undefined: no answer */
export type Script = (
  question: { name: string; type: string; edns: boolean },
  by: 'udp' | 'tcp',
) => ScriptedAnswer | undefined;

/** A DNS server that answers whatever a test says, true or not. */
export async function scriptedDns(script: Script) {
  const asked: string[] = [];
  const udp = createSocket('udp4');
  const tcp = createServer((socket) => serveTcp(socket, answer));
  udp.on('message', (query, from) => {
    for (const bytes of answer(query, 'udp')) udp.send(bytes, from.port, from.address);
  });
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const { port } = tcp.address() as AddressInfo;
  udp.bind(port, '127.0.0.1');
  await once(udp, 'listening');

  function answer(query: Buffer, by: 'udp' | 'tcp'): Buffer[] {
    const { id, questions = [], additionals = [] } = decode(query);
    const { name, type } = questions[0]!;
    asked.push(`${by} ${name} ${type}`);
    const edns = additionals.some((record) => record.type === 'OPT');
    const scripted = script({ name, type, edns }, by);
    if (scripted === undefined) return [];
    const { answers = [], additionals: more = [], rcode = 0, truncated = false, cutTo } = scripted;
    const flags = rcode | (truncated ? TRUNCATED_RESPONSE : 0);
    const packet: Packet = { type: 'response', questions, answers, additionals: more, flags };
    const bytes = encode({ ...packet, id: id ?? 0 }).subarray(0, cutTo);
    const forged = encode({ ...packet, id: ((id ?? 0) + 1) % 0x1_0000, answers: [] });
    return scripted.forgedFirst ? [Buffer.from('garbage'), forged, bytes] : [bytes];
  }

  return {
    address: `127.0.0.1:${port}`,
    asked,
    stop: () => {
      udp.close();
      tcp.close();
    },
  };
}

function serveTcp(socket: Socket, answer: (query: Buffer, by: 'tcp') => Buffer[]): void {
  socket.on('error', () => undefined); // clients hang up in the middle, on purpose
  socket.once('data', (data: Buffer) => {
    for (const bytes of answer(data.subarray(2), 'tcp')) {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(bytes.length);
      // In two parts: a client must not take the first packet for the whole.
      socket.write(length.subarray(0, 1));
      setImmediate(() => socket.end(Buffer.concat([length.subarray(1), bytes])));
    }
  });
}

export const srv = (
  name: string,
  target: string,
  port: number,
  priority = 0,
  weight = 0,
  ttl = 5,
): Answer => ({
  type: 'SRV',
  name,
  ttl,
  data: { priority, weight, port, target },
});
export const a = (name: string, data: string, ttl = 5): Answer => ({ type: 'A', name, ttl, data });
export const aaaa = (name: string, data: string, ttl = 5): Answer => ({ type: 'AAAA', name, ttl, data });
export const cname = (name: string, data: string, ttl = 5): Answer => ({ type: 'CNAME', name, ttl, data });
