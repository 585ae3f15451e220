import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import {
  createHttp2Server,
  headerList,
  SocketLoop,
  type Connection,
  type HeaderBlock,
  type Stream,
} from '@evenly/http2';

/** One call at the backend, and everything that can be done to it. */
export class BackendCall {
  readonly stream: Stream;
  readonly connection: Connection;
  readonly socket: Socket;
  readonly headers: HeaderBlock;
  content = Buffer.alloc(0);
  /** Undefined: it had none. */
  trailersOfRequest: [string, string][] | undefined;
  ended = false;
  resetCode: number | undefined;

  constructor(stream: Stream, connection: Connection, socket: Socket, headers: HeaderBlock) {
    this.stream = stream;
    this.connection = connection;
    this.socket = socket;
    this.headers = headers;
  }

  answer(): void {
    this.connection.sendHeaders(this.stream, responseHeaders, false);
  }

  send(bytes: Buffer, endStream = false): void {
    this.connection.sendData(this.stream, bytes, 0, bytes.length, endStream);
  }

  trailers(status = 0, extra: readonly (readonly [string, string])[] = []): void {
    this.connection.sendHeaders(this.stream, headerList([['grpc-status', String(status)], ...extra]), true);
  }

  /** A status and nothing else, in one block. */
  trailersOnly(status: number, extra: readonly (readonly [string, string])[] = []): void {
    const fields = [
      [':status', '200'],
      ['content-type', 'application/grpc'],
      ['grpc-status', String(status)],
    ] as const;
    this.connection.sendHeaders(this.stream, headerList([...fields, ...extra]), true);
  }

  /** One message, and OK. */
  reply(message = Buffer.from('hello')): void {
    this.answer();
    this.send(grpcMessage(message));
    this.trailers();
  }

  reset(code: number): void {
    this.connection.reset(this.stream, code);
  }

  /** GOAWAY(NO_ERROR) with any last stream, behind what was sent before. */
  goaway(lastStreamId: number): void {
    setImmediate(() => {
      const frame = Buffer.alloc(17);
      frame.writeUIntBE(8, 0, 3);
      frame[3] = 7;
      frame.writeUInt32BE(lastStreamId, 9);
      this.socket.write(frame);
    });
  }

  /** FIN, behind what was sent before. */
  fin(): void {
    setImmediate(() => this.socket.end());
  }

  /** TCP RST. What was sent before may be lost, so it gets a moment. */
  tcpReset(): void {
    setTimeout(() => this.socket.resetAndDestroy(), 30);
  }
}

const responseHeaders = headerList([
  [':status', '200'],
  ['content-type', 'application/grpc'],
]);

/** A gRPC message with its five bytes in front. */
export function grpcMessage(content: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(content.length, 1);
  return Buffer.concat([head, content]);
}

export interface ScriptedBackend extends AsyncDisposable {
  address: string;
  port: number;
  /** All that came, in order. */
  calls: BackendCall[];
  /** Connections that were accepted. */
  connections: number;
  close(): Promise<void>;
}

export interface BackendScript {
  /** The request's headers are there. */
  onCall?: (call: BackendCall, index: number) => void;
  onContent?: (call: BackendCall) => void;
  /** The whole request is there. */
  onEnd?: (call: BackendCall, index: number) => void;
}

/** A backend on the engine that does what a test says, on any address and port. */
export async function scriptedBackend(
  script: BackendScript,
  at: { host?: string; port?: number; maxStreams?: number } = {},
): Promise<ScriptedBackend> {
  const calls: BackendCall[] = [];
  const sockets = new Set<Socket>();
  const backend = { connections: 0 };
  const end = (call: BackendCall) => {
    call.ended = true;
    script.onEnd?.(call, calls.indexOf(call));
  };
  const server = createHttp2Server<BackendCall>({
    loop: new SocketLoop(),
    limits: { maxConcurrentStreams: at.maxStreams ?? 1000 },
    accept: (connection, socket) => {
      backend.connections++;
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      return {
        onHeaders: (stream, block, kind, endStream) => {
          if (kind === 'request') {
            const call = new BackendCall(stream, connection(), socket, block);
            stream.user = call;
            calls.push(call);
            script.onCall?.(call, calls.length - 1);
          } else {
            const call = stream.user!;
            call.trailersOfRequest = block.fields.map(({ name, value }) => [name, value]);
          }
          if (endStream) end(stream.user!);
        },
        onData: (stream, bytes, start, stop, endStream) => {
          const call = stream.user!;
          call.content = Buffer.concat([call.content, bytes.subarray(start, stop)]);
          connection().consume(stream, stop - start);
          script.onContent?.(call);
          if (endStream) end(call);
        },
        onReset: (stream, { code }) => void (stream.user!.resetCode = code),
        onClose: () => {},
      };
    },
  });
  server.listen(at.port ?? 0, at.host ?? '127.0.0.1');
  await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return {
    address: `${address}:${port}`,
    port,
    calls,
    get connections() {
      return backend.connections;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
