import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';

const frameTypes = { data: 0, headers: 1, settings: 4, ping: 6, goaway: 7 } as const;
const flags = { endStream: 1, ack: 1, endHeaders: 4 } as const;
const maxStreamId = 2 ** 31 - 1;
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** Literal header fields without indexing, so that no table is needed (RFC 7541 §6.2.2). */
const literal = (name: string, value: string) =>
  Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
const responseHeaders = Buffer.concat([Buffer.from([0x88]), literal('content-type', 'application/grpc')]);
const trailers = literal('grpc-status', '0');
const emptyMessage = Buffer.alloc(5);

function frame(type: number, flag: number, streamId: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(9 + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flag;
  bytes.writeUInt32BE(streamId, 5);
  payload.copy(bytes, 9);
  return bytes;
}

function goaway(lastStreamId: number): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(lastStreamId);
  return frame(frameTypes.goaway, 0, 0, payload);
}

export interface GoawayServerOptions {
  /** How long a connection lives before its first GOAWAY. */
  ageMs: number;
  /** How long each call takes. */
  answerMs: number;
  /** What became of streams that were opened between the two GOAWAYs: answered, or not processed at all. */
  late: 'answered' | 'refused';
}

/**
 * A server that ends its connections as hyper, grpc-go and Envoy do: GOAWAY with the highest id, a ping, after its
 * answer a GOAWAY with the last id that it processes, and the end when the last stream is done (RFC 9113 §6.8). Written
 * in bytes, as node:http2 sends GOAWAYs of its own in between.
 */
export async function goawayServer(options: GoawayServerOptions) {
  const sockets = new Set<Socket>();
  const seen = { connections: 0, lateStreams: 0 };
  const server = createServer((socket) => {
    sockets.add(socket);
    seen.connections++;
    serve(socket, options, seen);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function serve(
  socket: Socket,
  { ageMs, answerMs, late }: GoawayServerOptions,
  seen: { lateStreams: number },
) {
  let pending: Buffer = Buffer.alloc(0);
  let greeted = false;
  let lastId = 0;
  let processedId = 0;
  let open = 0;
  let phase: 'serving' | 'said' | 'ending' = 'serving';
  const endIfDone = () => {
    if (phase === 'ending' && open === 0) socket.end();
  };
  const answer = (id: number) => {
    open--;
    if (socket.destroyed) return;
    socket.write(
      Buffer.concat([
        frame(frameTypes.headers, flags.endHeaders, id, responseHeaders),
        frame(frameTypes.data, 0, id, emptyMessage),
        frame(frameTypes.headers, flags.endHeaders | flags.endStream, id, trailers),
      ]),
    );
    endIfDone();
  };
  const onHeaders = (id: number) => {
    lastId = id;
    if (phase !== 'serving') seen.lateStreams++;
    if (phase !== 'serving' && late === 'refused') return;
    processedId = id;
    open++;
    setTimeout(() => answer(id), answerMs);
  };
  const onFrame = (type: number, flag: number, id: number, payload: Buffer) => {
    if (type === frameTypes.headers && id > lastId) onHeaders(id);
    if (type === frameTypes.settings && !(flag & flags.ack))
      socket.write(frame(frameTypes.settings, flags.ack, 0));
    if (type === frameTypes.ping && !(flag & flags.ack))
      socket.write(frame(frameTypes.ping, flags.ack, 0, payload));
    if (type !== frameTypes.ping || !(flag & flags.ack) || phase !== 'said') return;
    phase = 'ending';
    socket.write(goaway(processedId));
    endIfDone();
  };
  const age = setTimeout(() => {
    phase = 'said';
    socket.write(Buffer.concat([goaway(maxStreamId), frame(frameTypes.ping, 0, 0, Buffer.alloc(8))]));
  }, ageMs);
  socket.on('error', () => undefined); // clients hang up, on purpose
  socket.on('close', () => clearTimeout(age));
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    if (!greeted && pending.length >= preface.length) {
      greeted = true;
      pending = pending.subarray(preface.length);
      socket.write(frame(frameTypes.settings, 0, 0));
    }
    while (greeted && pending.length >= 9) {
      const length = pending.readUIntBE(0, 3);
      if (pending.length < 9 + length) return;
      const [type, flag, id] = [pending[3]!, pending[4]!, pending.readUInt32BE(5) & maxStreamId];
      const payload = pending.subarray(9, 9 + length);
      pending = pending.subarray(9 + length);
      onFrame(type, flag, id, Buffer.from(payload));
    }
  });
}
