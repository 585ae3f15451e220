import net, { type Server, type Socket } from 'node:net';

/** What Node's own sockets have, and does not say. */
type CountedSocket = Socket & { _handle: unknown; _server: Server | null };

/**
 * A socket in the place of one that a server has accepted (paused), which reads into `buffer` and tells how much. Node has
 * this for sockets that connect (`onread`) but not for those that it accepts, which get new memory for every read: a fifth
 * of what a small call costs. The way between is the handle, which `new net.Socket` has always taken.
 */
export function readingInto(buffer: Buffer, accepted: Socket, onBytes: (count: number) => void): Socket {
  const owner = accepted as CountedSocket;
  const handle = owner._handle;
  owner._handle = null;
  const callback = (count: number): boolean => {
    onBytes(count);
    return true;
  };
  // `noDelay` only says what the server has set.
  const options = { handle, readable: true, writable: true, noDelay: true, onread: { buffer, callback } };
  const socket = new net.Socket(options) as CountedSocket;
  // The server counts its connections by their sockets' ends: from here on by this one's, so that the other is garbage.
  socket._server = owner._server;
  owner._server = null;
  return socket;
}
