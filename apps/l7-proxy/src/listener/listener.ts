import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import {
  createHttp2Server,
  type Connection,
  type Limits,
  type MemoryBudget,
  type SocketLoop,
} from '@evenly/http2';
import { listenError } from '@evenly/service';
import { clientEvents, type ClientContext } from './client-connection.ts';

export interface ListenerOptions {
  loop: SocketLoop;
  budget: MemoryBudget;
  limits: Partial<Limits>;
  maxConnections: number;
  /** How old a client's connection gets, ±10 %, before it is asked to come back; undefined: as old as it likes. */
  maxAgeMs: number | undefined;
  /** How long calls may go on after that. */
  maxAgeGraceMs: number;
  random: () => number;
}

export interface ListenerStats {
  accepted: number;
  /** Closed because a peer broke the protocol or crossed a limit. */
  failed: number;
  /** Not accepted: `maxConnections`. */
  refused: number;
}

/** A port that clients connect to. */
export class ProxyListener {
  readonly name: string;
  readonly stats: ListenerStats = { accepted: 0, failed: 0, refused: 0 };
  readonly #options: ListenerOptions;
  readonly #context: ClientContext;
  readonly #connections = new Map<Connection, NodeJS.Timeout | undefined>();
  readonly #server: Server;
  /** Told when the last connection is gone. */
  #onEmpty: (() => void) | undefined;

  constructor(name: string, context: ClientContext, options: ListenerOptions) {
    this.name = name;
    this.#context = context;
    this.#options = options;
    const { loop, budget, limits } = options;
    this.#server = createHttp2Server({
      loop,
      budget,
      limits,
      accept: (connection) => {
        queueMicrotask(() => this.#add(connection()));
        return clientEvents(connection, context, (closed, failed) => this.#remove(closed, failed));
      },
    });
    this.#server.maxConnections = options.maxConnections;
    this.#server.on('drop', () => this.stats.refused++);
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  get connections(): Iterable<Connection> {
    return this.#connections.keys();
  }

  get routes() {
    return this.#context.table().routes;
  }

  /**
   * @param option what changes the port, for the message when it cannot be had
   * @throws ServiceError PORT_IN_USE or CANNOT_LISTEN
   */
  async listen(address: string, port: number, option: string): Promise<AddressInfo> {
    this.#server.listen(port, address);
    try {
      await once(this.#server, 'listening');
    } catch (error) {
      throw listenError(error, port, option);
    }
    return this.#server.address() as AddressInfo;
  }

  /** No new connections; each open one is asked to end by GOAWAY, and cut after `timeoutMs` or when the signal aborts. */
  async drain(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    this.#server.close();
    for (const connection of [...this.#connections.keys()]) connection.drain(timeoutMs);
    if (this.#connections.size === 0) return;
    const empty = new Promise<void>((resolve) => (this.#onEmpty = resolve));
    const cut = () => {
      for (const connection of [...this.#connections.keys()]) connection.close();
    };
    if (signal?.aborted) cut();
    else signal?.addEventListener('abort', cut, { once: true });
    await empty;
  }

  #add(connection: Connection): void {
    this.stats.accepted++;
    const { maxAgeMs, maxAgeGraceMs, random } = this.#options;
    const age =
      maxAgeMs === undefined
        ? undefined
        : setTimeout(() => connection.drain(maxAgeGraceMs), maxAgeMs * (0.9 + 0.2 * random())).unref();
    if (connection.closed) clearTimeout(age);
    else this.#connections.set(connection, age);
  }

  #remove(connection: Connection, failed: boolean): void {
    if (failed) this.stats.failed++;
    clearTimeout(this.#connections.get(connection));
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#onEmpty?.();
  }
}
