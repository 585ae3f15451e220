import net, { type Socket } from 'node:net';

/**
 * A socket in the place of one that a server has accepted (paused), which reads into `buffer` and tells how much. Node has
 * this for sockets that connect (`onread`) but not for those that it accepts, which get new memory for every read: a fifth
 * of what a small call costs. The way between is the handle, which `new net.Socket` has always taken.
 */
export function readingInto(buffer: Buffer, accepted: Socket, onBytes: (count: number) => void): Socket {
  const owner = accepted as Socket & { _handle: unknown };
  const handle = owner._handle;
  owner._handle = null;
  const callback = (count: number): boolean => {
    onBytes(count);
    return true;
  };
  // `noDelay` only says what the server has set.
  const options = { handle, readable: true, writable: true, noDelay: true, onread: { buffer, callback } };
  const socket = new net.Socket(options);
  // The server counts its connections by the one that it made.
  socket.on('close', () => accepted.destroy());
  return socket;
}
