import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/* HTTP/2 byte by byte, for peers that do what no library would. */

export function frame(type: number, flags: number, id: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}

export const hello = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** SETTINGS_INITIAL_WINDOW_SIZE: how much of each stream may come. */
export const windowOf = (bytes: number) => {
  const payload = Buffer.from([0, 4, 0, 0, 0, 0]);
  payload.writeUInt32BE(bytes, 2);
  return frame(4, 0, 0, payload);
};
export const settings = frame(4, 0, 0);
export const settingsAck = frame(4, 1, 0);
export const preface = Buffer.concat([hello, settings]);
/** :method POST, :scheme http, :path /, :authority x. */
export const request = Buffer.from([0x83, 0x86, 0x84, 0x01, 0x01, 0x78]);
export const headers = (id: number, end = true, block = request) => frame(1, end ? 5 : 4, id, block);
export const openAndReset = (id: number) =>
  Buffer.concat([headers(id, false), frame(3, 0, id, Buffer.from([0, 0, 0, 8]))]);
/** More of the stream's window, or of the connection's. */
export const update = (id: number, bytes: number) => {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frame(8, 0, id, payload);
};
export const times = (count: number, bytes: Buffer) => Buffer.concat(Array<Buffer>(count).fill(bytes));
/** Identifiers of streams: odd, and higher with each round. */
export const ids = (count: number, round = 0) =>
  Array.from({ length: count }, (_, index) => (round * count + index) * 2 + 1);

/** An HPACK integer behind `first`, whose low bits are its beginning. */
function integer(first: number, bits: number, value: number): Buffer {
  const most = 2 ** bits - 1;
  if (value < most) return Buffer.from([first | value]);
  const bytes = [first | most];
  for (let rest = value - most; ; rest >>= 7) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** A field as a literal; `kept` inserts it into the table, where it is the newest entry: `newest` means it then. */
export function field(name: string, value: string, kept = false): Buffer {
  return Buffer.concat([
    Buffer.from([kept ? 0x40 : 0]),
    integer(0, 7, name.length),
    Buffer.from(name),
    integer(0, 7, value.length),
    Buffer.from(value),
  ]);
}
export const newest = Buffer.from([0xbe]);

/** A block of any size, in HEADERS and CONTINUATION frames. */
export function longHeaders(id: number, block: Buffer, end: boolean): Buffer {
  const size = 16_384;
  const count = Math.max(1, Math.ceil(block.length / size));
  return Buffer.concat(
    Array.from({ length: count }, (_, index) => {
      const flags = (index === count - 1 ? 4 : 0) | (index === 0 && end ? 1 : 0);
      return frame(index === 0 ? 1 : 9, flags, id, block.subarray(index * size, (index + 1) * size));
    }),
  );
}

/** Not the address of those who are not to be harmed: what a client holds counts by its address. Linux has all of 127/8. */
const anotherClient = process.platform === 'linux' ? { localAddress: '127.0.0.2' } : {};

/** A client's socket that has said hello, and throws away what it reads. */
export async function rawClient(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', ...anotherClient }).on('error', () => {});
  await once(socket, 'connect');
  socket.write(preface);
  return socket.resume();
}

/** Writes what `next` makes until the peer has had enough, or `most` rounds. @returns whether the peer has closed */
export async function flood(
  socket: Socket,
  next: (round: number) => Buffer,
  most: number,
  look: (round: number) => Promise<void> = async () => {},
): Promise<boolean> {
  for (let round = 0; !socket.destroyed && round < most; round++) {
    socket.write(next(round));
    await new Promise(setImmediate);
    if (socket.writableNeedDrain && !socket.destroyed) {
      const one = new AbortController();
      const either = ['drain', 'close'].map((event) => once(socket, event, { signal: one.signal }));
      for (const promise of either) promise.catch(() => {}); // the one that did not come first
      await Promise.race(either);
      one.abort();
    }
    if (round % 20 === 0) await look(round);
  }
  return socket.destroyed;
}

export interface RawEndpoint extends AsyncDisposable {
  address: string;
  /** Connections that were accepted. */
  sockets: Socket[];
}

/** An endpoint that says hello, and then what `onRequest` writes for each HEADERS frame that comes. */
export async function rawEndpoint(onRequest: (socket: Socket, id: number) => void): Promise<RawEndpoint> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    socket.write(settings);
    let read = Buffer.alloc(0);
    let isBehindHello = false;
    socket.on('data', (bytes: Buffer) => {
      read = Buffer.concat([read, bytes]);
      if (!isBehindHello && read.length >= hello.length) {
        isBehindHello = true;
        read = read.subarray(hello.length);
      }
      while (isBehindHello && read.length >= 9 && read.length >= 9 + read.readUIntBE(0, 3)) {
        const [type, flags, id] = [read[3]!, read[4]!, read.readUInt32BE(5)];
        read = read.subarray(9 + read.readUIntBE(0, 3));
        if (type === 4 && (flags & 1) === 0) socket.write(settingsAck);
        if (type === 1) onRequest(socket, id);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
