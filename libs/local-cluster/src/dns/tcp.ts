import { once } from 'node:events';
import type { Socket } from 'node:net';

/** Queries are small; who announces more than this is no DNS client. */
const maxQueryBytes = 4096;
/** RFC 7766, 6.2.3: idle connections are closed, so that they cannot pile up. */
const idleTimeoutMs = 10_000;

/**
 * Serves one DNS connection: messages with their length in two bytes before them (RFC 1035, 4.2.2), several one after
 * the other if the client likes. Ends with the connection; a message that is too long or no query ends it too.
 * @param respond bytes of a query to bytes of its response; undefined closes the connection
 */
export async function serveConnection(
  socket: Socket,
  respond: (query: Buffer) => Buffer | undefined,
): Promise<void> {
  socket.setTimeout(idleTimeoutMs, () => socket.destroy());
  let pending = Buffer.alloc(0);
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2) {
        const length = pending.readUInt16BE(0);
        if (length > maxQueryBytes) return;
        if (pending.length < 2 + length) break;
        const response = respond(pending.subarray(2, 2 + length));
        pending = pending.subarray(2 + length);
        if (!response) return;
        // Waiting here also stops reading: a client that never reads cannot make us hold its answers.
        if (!socket.write(framed(response))) await once(socket, 'drain');
      }
    }
    socket.end();
  } catch {
    // The client went away: nothing to tell anybody.
  } finally {
    socket.destroySoon();
  }
}

function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}
