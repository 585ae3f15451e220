import type net from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionEvents } from '../connection/events.ts';
import type { Stream } from '../connection/stream.ts';
import { headerList } from '../headers/block.ts';
import type { Limits, LocalSettings } from '../limits.ts';
import { SocketLoop } from '../socket/loop.ts';
import { createHttp2Server } from '../socket/serve.ts';

const answer = headerList([[':status', '200']], { reusable: true });
const echoTrailers = headerList([['grpc-status', '0']], { reusable: true });

/** Answers every request, when it is complete, with 200 and `body`. */
export function answering(connection: () => Connection, body: Buffer): ConnectionEvents {
  const reply = (stream: Stream): void => {
    connection().sendHeaders(stream, answer, body.length === 0);
    if (body.length > 0) connection().sendData(stream, body, 0, body.length, true);
  };
  return {
    onHeaders: (stream, _block, _kind, endStream) => {
      if (endStream) reply(stream);
    },
    onData: (stream, _bytes, start, end, endStream) => {
      connection().consume(stream, end - start);
      if (endStream) reply(stream);
    },
    onReset: () => undefined,
    onClose: () => undefined,
  };
}

/** Sends every request's content back as it comes, credit by credit, and trailers at its end. */
export function echoing(connection: () => Connection): ConnectionEvents {
  return {
    onHeaders: (stream, _block, kind, endStream) => {
      if (kind === 'request') connection().sendHeaders(stream, answer, false);
      if (endStream) connection().sendHeaders(stream, echoTrailers, true);
    },
    onData: (stream, bytes, start, end, endStream) => {
      const sent = connection().sendData(stream, bytes, start, end, false);
      connection().consume(stream, sent);
      if (endStream) connection().sendHeaders(stream, echoTrailers, true);
    },
    onDataSent: (stream, bytes) => connection().consume(stream, bytes),
    onReset: () => undefined,
    onClose: () => undefined,
  };
}

export interface RunningServer {
  readonly server: net.Server;
  readonly port: number;
  /** Connections accepted, in order. */
  readonly connections: Connection[];
  /** Those that are open. */
  readonly sockets: ReadonlySet<net.Socket>;
  readonly close: () => Promise<void>;
}

/** Listens on a free port of loopback (or `port`) with the events that `accept` makes. */
export async function startServer(
  accept: (connection: () => Connection) => ConnectionEvents,
  options: { port?: number; limits?: Partial<Limits>; settings?: Partial<LocalSettings> } = {},
): Promise<RunningServer> {
  const loop = new SocketLoop();
  const connections: Connection[] = [];
  const sockets = new Set<net.Socket>();
  const { port = 0, ...rest } = options;
  const server = createHttp2Server({
    loop,
    ...rest,
    accept: (connection, socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      queueMicrotask(() => connections.push(connection()));
      return accept(connection);
    },
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { server, port: (server.address() as AddressInfo).port, connections, sockets, close };
}
