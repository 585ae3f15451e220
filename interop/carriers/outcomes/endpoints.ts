import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { status } from '@grpc/grpc-js';

export type Code = keyof typeof status;

/** What an endpoint does with every call. */
export type Behaviour =
  | {
      answers: Code;
      /** There was a message before. */
      begins?: true;
      /** It forbids to try again, by `grpc-retry-pushback-ms` (gRFC A6). */
      pushesBack?: true;
    }
  | {
      /** It never answers. */
      does: 'hold';
      /** There was a message before. */
      begins?: true;
    }
  /** Of 20 calls of a service through a carrier, 6 in a row are UNAVAILABLE. */
  | { does: 'fail in a row' }
  /** Nobody listens; the connection is reset when a call comes; the call is reset, as one that was not begun. */
  | { does: 'not listen' | 'reset the connection' | 'refuse the stream' };

/** All endpoints that a service can have. One that resets connections is for one service: grpc-js shares them among channels. */
export const behaviours = {
  ok1: { answers: 'OK' },
  ok2: { answers: 'OK' },
  ok3: { answers: 'OK' },
  cancelled: { answers: 'CANCELLED' },
  deadline: { answers: 'DEADLINE_EXCEEDED' },
  internal: { answers: 'INTERNAL' },
  exhausted: { answers: 'RESOURCE_EXHAUSTED' },
  unavailable: { answers: 'UNAVAILABLE' },
  notFound: { answers: 'NOT_FOUND' },
  late: { answers: 'UNAVAILABLE', begins: true },
  pushback: { answers: 'UNAVAILABLE', pushesBack: true },
  holding: { does: 'hold' },
  slow: { does: 'hold', begins: true },
  inRow: { does: 'fail in a row' },
  dead: { does: 'not listen' },
  resetting1: { does: 'reset the connection' },
  resetting2: { does: 'reset the connection' },
  refusing1: { does: 'refuse the stream' },
  refusing2: { does: 'refuse the stream' },
} as const satisfies Record<string, Behaviour>;

export type EndpointName = keyof typeof behaviours;
export const endpointNames = Object.keys(behaviours) as EndpointName[];
export const behaviourOf = (name: EndpointName): Behaviour => behaviours[name];

/** The request's header that says which call an attempt is of: `CARRIER/SERVICE/NUMBER`, so that each has its own. */
export const callHeader = 'x-call';

const rowOf = { all: 20, failing: 6 };

/** A server for each of these endpoints, and which of them saw what call. */
export class Endpoints implements AsyncDisposable {
  readonly #servers = new Map<EndpointName, { server: Http2Server; sockets: Set<Socket> }>();
  readonly #seen = new Map<string, EndpointName[]>();
  readonly #inRow = new Map<string, number>();
  /** Told of each attempt that comes. */
  onAttempt: (call: string, name: EndpointName) => void = () => {};

  static async start(): Promise<Endpoints> {
    const endpoints = new Endpoints();
    for (const name of endpointNames) await endpoints.#start(name);
    return endpoints;
  }

  /** `127.0.0.1:PORT` */
  addressOf(name: EndpointName): string {
    const started = this.#servers.get(name);
    // Nobody listens at port 1 (tcpmux) of this address of the loopback.
    return started === undefined
      ? '127.0.0.2:1'
      : `127.0.0.1:${(started.server.address() as AddressInfo).port}`;
  }

  /** The attempts of a call that have come so far, in their order. */
  seen(call: string): readonly EndpointName[] {
    return this.#seen.get(call) ?? [];
  }

  async #start(name: EndpointName): Promise<void> {
    const behaviour = behaviourOf(name);
    if ('does' in behaviour && behaviour.does === 'not listen') return;
    const sockets = new Set<Socket>();
    const server = createServer({ settings: { maxConcurrentStreams: 10_000 } });
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    });
    server.on('stream', (stream, headers) => {
      stream.on('error', () => {}); // the caller is gone
      stream.resume();
      const call = headers[callHeader];
      if (typeof call === 'string') {
        this.#seen.set(call, [...this.seen(call), name]);
        this.onAttempt(call, name);
      }
      if (behaviour !== behaviours.inRow) return answer(stream, name, () => resetSocket(stream, sockets));
      answer(stream, this.#isFailing(String(call)) ? 'unavailable' : 'ok1', () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#servers.set(name, { server, sockets });
  }

  #isFailing(call: string): boolean {
    const who = call.slice(0, call.lastIndexOf('/'));
    const count = this.#inRow.get(who) ?? 0;
    this.#inRow.set(who, count + 1);
    return count % rowOf.all < rowOf.failing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { server, sockets } of this.#servers.values()) {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    }
  }
}

/** The session's own socket is a proxy that lets nobody reset it. */
function resetSocket(stream: ServerHttp2Stream, sockets: ReadonlySet<Socket>): void {
  const port = stream.session!.socket.remotePort;
  for (const socket of sockets) if (socket.remotePort === port) socket.resetAndDestroy();
}

function answer(stream: ServerHttp2Stream, name: EndpointName, resetConnection: () => void): void {
  const behaviour = behaviourOf(name);
  if ('does' in behaviour && behaviour.does === 'reset the connection') return resetConnection();
  if ('does' in behaviour && behaviour.does === 'refuse the stream') return stream.close(refusedStream);
  const isOk = 'answers' in behaviour && behaviour.answers === 'OK';
  const hasMessage = isOk || ('begins' in behaviour && behaviour.begins === true);
  const head = { ':status': 200, 'content-type': 'application/grpc' };
  if (hasMessage) {
    stream.respond(head, { waitForTrailers: true });
    stream.write(grpcMessage(name));
  }
  if (!('answers' in behaviour)) return;
  const trailers = {
    'grpc-status': String(status[behaviour.answers]),
    'grpc-message': `${name} says so`,
    ...(behaviour.pushesBack === true ? { 'grpc-retry-pushback-ms': '-1' } : {}),
  };
  if (!hasMessage) return stream.respond({ ...head, ...trailers }, { endStream: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end();
}

const refusedStream = 7; // RFC 9113 §7

function grpcMessage(text: string): Buffer {
  const content = Buffer.from(text);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(content.length, 1);
  return Buffer.concat([head, content]);
}
