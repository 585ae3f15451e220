import net from 'node:net';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionEvents } from '../connection/events.ts';
import type { MemoryBudget } from '../memory/budget.ts';
import { type BindOptions, bindSocket, SocketBinding } from './binding.ts';
import { clientOf, type ClientSlots } from './client-slots.ts';
import { readingInto } from './reading-into.ts';
import type { TlsHandshakes } from './tls-handshakes.ts';

export type ServeOptions<TUser = unknown> = Omit<BindOptions<TUser>, 'role' | 'events' | 'memory'> & {
  /** Of the process: each connection has a share of it, and those of one address are one client's. */
  readonly budget?: MemoryBudget;
  /** Called for each connection; `connection()` is it, from the first callback on. */
  readonly accept: (connection: () => Connection<TUser>, socket: net.Socket) => ConnectionEvents<TUser>;
  /** How many connections there may be. Without: as many as come. */
  readonly slots?: ClientSlots | undefined;
  /** Without: HTTP/2 with prior knowledge. */
  readonly tls?: TlsHandshakes | undefined;
};

/** A server (not listening yet) whose connections speak HTTP/2. */
export function createHttp2Server<TUser>(options: ServeOptions<TUser>): net.Server {
  return options.tls === undefined ? plainServer(options) : secureServer(options, options.tls);
}

function secureServer<TUser>(
  { accept, slots, tls: _, budget, ...bind }: ServeOptions<TUser>,
  handshakes: TlsHandshakes,
): net.Server {
  const onSecure = (socket: net.Socket & { alpnProtocol: string | false | null }): boolean => {
    if (socket.alpnProtocol !== 'h2') return false;
    const events = accept(() => connection, socket);
    const connection: Connection<TUser> = bindSocket(socket, {
      ...bind,
      ...shareOf(socket, budget),
      role: 'server',
      events,
    });
    return true;
  };
  return net.createServer({ noDelay: true }, (accepted) => {
    accepted.on('error', () => {}); // 'close' follows
    if (isAdmitted(slots, accepted)) handshakes.start(accepted, onSecure);
  });
}

function plainServer<TUser>({ accept, slots, tls: _, budget, ...bind }: ServeOptions<TUser>): net.Server {
  const { readBuffer } = bind.loop;
  // Paused, so that nothing is read before it is known where to.
  return net.createServer({ noDelay: true, pauseOnConnect: true }, (accepted) => {
    const socket = readingInto(readBuffer, accepted, (count) =>
      binding.receive(readBuffer.subarray(0, count)),
    );
    if (!isAdmitted(slots, socket)) return;
    const events = accept(() => binding.connection, socket);
    const binding: SocketBinding<TUser> = new SocketBinding(socket, {
      ...bind,
      ...shareOf(socket, budget),
      role: 'server',
      events,
    });
  });
}

function isAdmitted(slots: ClientSlots | undefined, socket: net.Socket): boolean {
  return slots === undefined || (slots.take(socket) && slots.takeOf(socket.remoteAddress, socket));
}

function shareOf({ remoteAddress = '' }: net.Socket, budget: MemoryBudget | undefined) {
  return budget === undefined ? {} : { memory: budget.share(clientOf(remoteAddress)) };
}
