import net from 'node:net';
import tls from 'node:tls';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionEvents } from '../connection/events.ts';
import type { MemoryBudget } from '../memory/budget.ts';
import { type BindOptions, bindSocket, SocketBinding } from './binding.ts';
import { readingInto } from './reading-into.ts';

export type ServeOptions = Omit<BindOptions, 'role' | 'events' | 'memory'> & {
  /** Of the process: each connection has a share of it, and those of one address are one client's. */
  readonly budget?: MemoryBudget;
  /** Called for each connection; `connection()` is it, from the first callback on. */
  readonly accept: (connection: () => Connection, socket: net.Socket) => ConnectionEvents;
  /** TLS with these options; ALPN is `h2`. Without: HTTP/2 with prior knowledge. */
  readonly tls?: tls.TlsOptions;
};

/** A server (not listening yet) whose connections speak HTTP/2. */
export function createHttp2Server(options: ServeOptions): net.Server {
  const { accept, tls: tlsOptions, budget, ...bind } = options;
  const onSocket = (socket: net.Socket): void => {
    const events = accept(() => connection, socket);
    const connection: Connection = bindSocket(socket, {
      ...bind,
      ...shareOf(socket, budget),
      role: 'server',
      events,
    });
  };
  if (tlsOptions === undefined) return plainServer(options);
  return tls.createServer({ ...tlsOptions, ALPNProtocols: ['h2'] }, (socket) => {
    if (socket.alpnProtocol === 'h2') onSocket(socket);
    else socket.destroy();
  });
}

function plainServer({ accept, tls: _, budget, ...bind }: ServeOptions): net.Server {
  const { readBuffer } = bind.loop;
  // Paused, so that nothing is read before it is known where to.
  return net.createServer({ noDelay: true, pauseOnConnect: true }, (accepted) => {
    const socket = readingInto(readBuffer, accepted, (count) =>
      binding.receive(readBuffer.subarray(0, count)),
    );
    const events = accept(() => binding.connection, socket);
    const binding = new SocketBinding(socket, {
      ...bind,
      ...shareOf(accepted, budget),
      role: 'server',
      events,
    });
  });
}

function shareOf({ remoteAddress = '' }: net.Socket, budget: MemoryBudget | undefined) {
  return budget === undefined ? {} : { memory: budget.share(remoteAddress) };
}
