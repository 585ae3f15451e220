import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Has node:http send requests over one socket, which is there already, for as long as it lives. */
export class OneSocketAgent extends Agent {
  readonly #socket: Socket;
  readonly #onIdle: () => void;

  /** @param onIdle told when a request is over, and the socket can be used again */
  constructor(socket: Socket, onIdle: () => void) {
    super({ keepAlive: true, maxSockets: 1, maxFreeSockets: 1 });
    this.#socket = socket;
    this.#onIdle = onIdle;
  }

  override createConnection(): Socket {
    return this.#socket;
  }

  override keepSocketAlive(socket: Duplex): boolean {
    // The types say that it returns nothing. False: the endpoint has said that it will close soon (`Keep-Alive: timeout=…`).
    const stays = super.keepSocketAlive(socket) as unknown as boolean;
    if (stays) this.#onIdle();
    return stays;
  }
}
