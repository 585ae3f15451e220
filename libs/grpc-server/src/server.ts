import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import type { SecureContextOptions, TlsOptions } from 'node:tls';
import {
  ClientSlots,
  createHttp2Server,
  SocketLoop,
  StartingSockets,
  TlsHandshakes,
  type Limits,
  type MemoryBudget,
  type Refusal,
  type SlotLimits,
} from '@evenly/http2';
import type { OnFault, ServerCall } from './call.ts';
import { ClientConnection, type ConnectionContext } from './client-connection.ts';
import type { Method } from './method.ts';
import type { Peer } from './peer.ts';
import type { StatusError } from './status.ts';

export interface GrpcServerOptions {
  /** By path: `/package.Service/Method`. */
  methods: ReadonlyMap<string, Method>;
  /** TLS; without, plaintext HTTP/2 with prior knowledge. */
  tls?: TlsOptions | undefined;
  /** Asked before each call: the status that this client gets instead, or undefined. */
  admit?: ((peer: Peer) => StatusError | undefined) | undefined;
  /** Largest message that is taken. */
  maxMessageBytes?: number;
  /** How many connections there may be. Without: as many as come. */
  slots?: SlotLimits;
  /** How long a TLS handshake may take, default 10 s. */
  handshakeTimeoutMs?: number;
  /** How old a connection gets, ±10 % by chance, before its client is asked to come back. Without: as old as it likes. */
  maxConnectionAgeMs?: number | undefined;
  /** How long its calls may go on after that. */
  maxConnectionAgeGraceMs?: number;
  /** Of the process: what is held for clients is counted there, and the largest holders are refused more. */
  budget?: MemoryBudget | undefined;
  /** Told what a method throws that is no StatusError; its call is ended with INTERNAL. Without: thrown on. */
  onFault?: OnFault | undefined;
  /** Of the HTTP/2 engine: streams of a connection, keepalive, floods. */
  limits?: Partial<Limits>;
}

/** Of a server, now; counts are since it began. */
export interface ServerConnections {
  open: number;
  /** The next one is refused, whoever it is. */
  full: boolean;
  /** Closed at once, by why there was no slot for them. */
  refused: Readonly<Record<Refusal, number>>;
  /** TLS handshakes that took too long, or went wrong. */
  failedHandshakes: number;
}

/** The window of each call: a client sends so much ahead of what is read. Requests are small. */
const windowBytes = 65_535;
const settings = { initialWindowSize: windowBytes, connectionWindowSize: 4 * windowBytes };
/** TCP connections that wait to be accepted. */
const backlog = 2048;
/** When many connections are closed one after the other, at least so many each second. */
const minClosedPerSecond = 500;
const spreadTickMs = 10;

/** A gRPC server on the HTTP/2 engine. */
export class GrpcServer {
  readonly #server: Server;
  readonly #options: GrpcServerOptions;
  readonly #connections = new Set<ClientConnection>();
  readonly #slots: ClientSlots | undefined;
  readonly #handshakes: TlsHandshakes | undefined;
  #failedHandshakes = 0;

  constructor(options: GrpcServerOptions) {
    this.#options = options;
    const context: ConnectionContext = {
      methods: options.methods,
      maxMessageBytes: options.maxMessageBytes ?? 4 * 1024 * 1024,
      budget: options.budget,
      onFault: options.onFault,
      admit: options.admit,
      onClose: (connection) => void this.#connections.delete(connection),
    };
    this.#slots = options.slots && new ClientSlots(options.slots);
    this.#handshakes = this.#handshakesOf(options);
    this.#server = createHttp2Server<ServerCall>({
      loop: new SocketLoop(),
      limits: options.limits ?? {},
      settings,
      ...(options.budget === undefined ? {} : { budget: options.budget }),
      slots: this.#slots,
      tls: this.#handshakes,
      accept: (connection, socket) => {
        const client = new ClientConnection(connection, socket, context);
        this.#add(client);
        return client;
      },
    });
  }

  get connections(): ServerConnections {
    const refused = this.#slots?.refused ?? { full: 0, address: 0, files: 0 };
    const full = this.#slots?.full !== undefined;
    return { open: this.#connections.size, full, refused, failedHandshakes: this.#failedHandshakes };
  }

  /** @returns the port. @throws the system's error, such as EADDRINUSE */
  async listen(host: string, port: number): Promise<number> {
    this.#server.listen({ host, port, backlog });
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** New certificates, for new connections. */
  setSecureContext(options: SecureContextOptions): void {
    this.#handshakes?.setSecureContext(options);
  }

  /**
   * Ends: takes no more connections, and retires the open ones one after the other over `spreadMs`, so that their clients
   * do not all come to another server at once; few of them sooner. When `signal` aborts, cuts what is left.
   */
  async close(signal: AbortSignal, spreadMs: number, reason: string): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const all = [...this.#connections];
    const perTick = Math.max(
      all.length / (spreadMs / spreadTickMs),
      (minClosedPerSecond * spreadTickMs) / 1000,
    );
    let allowed = 0;
    const retireSome = () => {
      allowed += perTick;
      for (const client of all.splice(0, Math.floor(allowed))) client.retire(0, reason);
      allowed -= Math.floor(allowed);
      if (all.length === 0) clearInterval(ticker);
    };
    const ticker = setInterval(retireSome, spreadTickMs);
    retireSome();
    const cut = () => {
      clearInterval(ticker);
      for (const client of this.#connections) client.cut();
    };
    if (signal.aborted) cut();
    else signal.addEventListener('abort', cut, { once: true });
    await closed;
    clearInterval(ticker);
    signal.removeEventListener('abort', cut);
  }

  #add(client: ClientConnection): void {
    this.#connections.add(client);
    const { maxConnectionAgeMs, maxConnectionAgeGraceMs = 5000 } = this.#options;
    if (maxConnectionAgeMs === undefined) return;
    client.retireAfter(maxConnectionAgeMs * (0.9 + 0.2 * Math.random()), maxConnectionAgeGraceMs);
  }

  #handshakesOf({ tls, slots, handshakeTimeoutMs: timeoutMs }: GrpcServerOptions): TlsHandshakes | undefined {
    if (tls === undefined) return undefined;
    const starting = new StartingSockets({
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      // So that those who only connect do not fill it.
      maxStarting: slots === undefined ? Infinity : Math.ceil(slots.maxConnections / 2),
      onFailed: () => void this.#failedHandshakes++,
    });
    return new TlsHandshakes(tls, starting);
  }
}
