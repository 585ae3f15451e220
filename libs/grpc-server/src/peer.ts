import type { Socket } from 'node:net';
import type { MemoryBudget, MemoryShare } from '@evenly/http2';
import { TLSSocket } from 'node:tls';

/** Who is at the other end of a connection. */
export class Peer {
  /** `10.0.0.7:51234`, `[::1]:51234` */
  readonly address: string;
  /** Where what is held for the calls of this connection is counted. */
  readonly memory: MemoryShare | undefined;
  readonly #socket: Socket;

  constructor(socket: Socket, budget: MemoryBudget | undefined) {
    this.#socket = socket;
    const host = socket.remoteAddress ?? 'unknown';
    this.memory = budget?.share(socket.remoteAddress ?? '');
    this.address = `${host.includes(':') ? `[${host}]` : host}:${socket.remotePort ?? 0}`;
  }

  /** The certificate (DER) that the client showed in the handshake, where that was checked; undefined without one. */
  certificate(): Buffer | undefined {
    if (!(this.#socket instanceof TLSSocket) || !this.#socket.authorized) return undefined;
    // An empty object when there is none, as node has it.
    return (this.#socket.getPeerCertificate() as { raw?: Buffer }).raw;
  }
}
