import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { canonicalAddress } from '@evenly/endpoints';
import {
  bindSocket,
  clientOf,
  ClientSlots,
  createHttp2Server,
  type FileSlots,
  type Limits,
  type MemoryBudget,
  type Refusal,
  type SocketLoop,
} from '@evenly/http2';
import { listenError } from '@evenly/service';
import type { Certificates } from '@evenly/tls';
import type { ClientStreamOwner } from '../call/client-side.ts';
import { Http1Server } from '../http1/server.ts';
import type { ForwardedBy } from '../routing/forwarded.ts';
import type { PathRules } from '../routing/normal-path.ts';
import { createAcceptor, type AcceptorSecurity, type Peer } from './acceptor.ts';
import {
  clientEvents,
  startHttp1Call,
  startWebCall,
  type ClientConnection,
  type ClientContext,
} from './client-connection.ts';

export interface ListenerOptions {
  loop: SocketLoop;
  budget: MemoryBudget;
  limits: Partial<Limits>;
  maxConnections: number;
  /** Of these, those of one client address; undefined: as `ClientSlots` has it. */
  maxConnectionsPerAddress: number | undefined;
  /** What the open files of the process leave to all listeners together; undefined: nobody knows. */
  files: FileSlots | undefined;
  /** From a connection to HTTP: PROXY header, TLS handshake and first bytes together. */
  startTimeoutMs: number;
  /** How long the upload of an HTTP/1.1 client may be paused. */
  uploadStallTimeoutMs: number;
  /** How old a client's connection gets, ±10 %, before it is asked to come back; undefined: as old as it likes. */
  maxAgeMs: number | undefined;
  /** How long calls may go on after that. */
  maxAgeGraceMs: number;
  random: () => number;
  /** What the keys of TLS session tickets are made from. */
  ticketSecret: Uint8Array;
}

export interface DrainOptions {
  /** How long new connections are still taken, default 0. */
  lameDuckMs?: number;
  /** Cuts what is open when it aborts. */
  signal?: AbortSignal;
}

/** How clients come in, apart from where. */
export interface ListenerEdge {
  tls: ListenerSecurity | undefined;
  proxyProtocol: boolean;
  /** What clients say in `x-forwarded-*` is kept and added to. */
  trustForwarded: boolean;
  /** Plain HTTP/1.1 is taken too. */
  http1: boolean;
  paths: PathRules;
}

export interface ListenerSecurity extends AcceptorSecurity {
  /** Told when the certificates are replaced. @returns stops telling */
  watch: (listener: (certificates: Certificates) => void) => () => void;
}

export interface ListenerStats {
  accepted: number;
  /** Closed because a peer broke the protocol or crossed a limit. */
  failed: number;
  /** Closed at once: there was no slot for them. */
  refused: number;
}

/** Of all connections, those that do not speak HTTP yet. */
const startingShare = 0.5;

/** A port that clients connect to. */
export class ProxyListener {
  readonly name: string;
  readonly #slots: ClientSlots;
  #accepted = 0;
  #failed = 0;
  readonly #options: ListenerOptions;
  readonly #context: ClientContext;
  readonly #edge: ListenerEdge;
  readonly #connections = new Map<ClientConnection, NodeJS.Timeout | undefined>();
  readonly #server: Server;
  readonly #http1: Http1Server | undefined;
  #stopWatching: (() => void) | undefined;
  /** It takes no more connections: those that were on their way in have as long. */
  #drainTimeoutMs: number | undefined;
  /** Told when the last connection is gone. */
  #onEmpty: (() => void) | undefined;

  constructor(name: string, context: ClientContext, edge: ListenerEdge, options: ListenerOptions) {
    this.name = name;
    this.#context = context;
    this.#edge = edge;
    this.#options = options;
    const { maxConnections, maxConnectionsPerAddress: maxPerAddress, files } = options;
    this.#slots = new ClientSlots({ maxConnections, maxPerAddress, files });
    if (context.web !== undefined || edge.http1) {
      this.#http1 = new Http1Server({
        cors: context.web,
        plain: edge.http1,
        budget: options.budget,
        headersTimeoutMs: options.startTimeoutMs,
        uploadStallTimeoutMs: options.uploadStallTimeoutMs,
        startWeb: (webCall, block, peer) =>
          startWebCall(webCall, block, false, this.#forwardedBy(peer, '1.1'), context),
        startPlain: (side, block, ended, peer) =>
          startHttp1Call(side, block, ended, this.#forwardedBy(peer, '1.1'), context),
        onClosed: () => this.#checkEmpty(),
        onFailed: () => this.#failed++,
      });
    }
    this.#server = this.#createServer();
  }

  get stats(): ListenerStats {
    return { accepted: this.#accepted, failed: this.#failed, refused: this.#slots.refusedCount };
  }

  /** `stats.refused`, by the reason. */
  get refused(): Readonly<Record<Refusal, number>> {
    return this.#slots.refused;
  }

  /** The next client is refused. */
  get full(): boolean {
    return this.#slots.full !== undefined;
  }

  get connectionCount(): number {
    return this.#connections.size + (this.#http1?.connectionCount ?? 0);
  }

  get connections(): Iterable<ClientConnection> {
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
      this.#stopWatching?.();
      throw listenError(error, port, option);
    }
    return this.#server.address() as AddressInfo;
  }

  /**
   * Each open connection is asked to end by GOAWAY, and cut after `timeoutMs` or when the signal aborts. No new ones: but
   * for `lameDuckMs` the port still takes them, and asks them to end after that.
   */
  async drain(timeoutMs: number, { lameDuckMs = 0, signal }: DrainOptions = {}): Promise<void> {
    this.#askToEnd(timeoutMs);
    if (lameDuckMs > 0) await pause(lameDuckMs, undefined, signal && { signal }).catch(() => undefined);
    this.#server.close();
    this.#stopWatching?.();
    this.#drainTimeoutMs = timeoutMs;
    this.#askToEnd(timeoutMs);
    if (this.connectionCount === 0) return;
    const empty = new Promise<void>((resolve) => (this.#onEmpty = resolve));
    const cut = () => {
      for (const connection of [...this.#connections.keys()]) connection.close();
      this.#http1?.cut();
    };
    const timer = setTimeout(() => this.#http1?.cut(), timeoutMs).unref();
    if (signal?.aborted) cut();
    else signal?.addEventListener('abort', cut, { once: true });
    await empty;
    clearTimeout(timer);
  }

  #askToEnd(timeoutMs: number): void {
    for (const connection of [...this.#connections.keys()]) connection.drain(timeoutMs);
    this.#http1?.drain();
  }

  #createServer(): Server {
    const { loop, budget, limits, maxConnections, startTimeoutMs } = this.#options;
    const { tls, proxyProtocol } = this.#edge;
    const http1 = this.#http1;
    const slots = this.#slots;
    if (tls === undefined && !proxyProtocol && http1 === undefined) {
      return createHttp2Server<ClientStreamOwner>({
        loop,
        budget,
        limits,
        slots,
        accept: (connection, { remoteAddress = '' }) =>
          this.#accept(connection, { address: remoteAddress, encrypted: false }),
      });
    }
    const onHttp2 = (socket: Socket, peer: Peer) => {
      const events = this.#accept(() => connection, peer);
      const memory = budget.share(clientOf(peer.address));
      const connection: ClientConnection = bindSocket(socket, {
        loop,
        memory,
        limits,
        role: 'server',
        events,
      });
      socket.resume();
    };
    const acceptor = createAcceptor({
      tls,
      proxyProtocol,
      http1: http1 !== undefined,
      slots,
      maxStarting: Math.ceil(maxConnections * startingShare),
      startTimeoutMs,
      onHttp2,
      onHttp1: (socket, peer) => {
        this.#accepted++;
        http1!.accept(socket, peer);
      },
      onFailed: () => this.#failed++,
    });
    this.#stopWatching = tls?.watch((certificates) => acceptor.setCertificates(certificates));
    return acceptor.server;
  }

  #accept(connection: () => ClientConnection, peer: Peer) {
    queueMicrotask(() => this.#add(connection()));
    return clientEvents(connection, this.#forwardedBy(peer, '2.0'), this.#context, (closed, failed) =>
      this.#remove(closed, failed),
    );
  }

  #forwardedBy({ address, encrypted }: Peer, version: ForwardedBy['version']): ForwardedBy {
    // An IPv4 client of a socket that takes both families.
    const plain = canonicalAddress(address) ?? address;
    const { trustForwarded: trusted, paths } = this.#edge;
    return { address: plain, proto: encrypted ? 'https' : 'http', version, trusted, paths };
  }

  #add(connection: ClientConnection): void {
    this.#accepted++;
    const { maxAgeMs, maxAgeGraceMs, random } = this.#options;
    const age =
      maxAgeMs === undefined
        ? undefined
        : setTimeout(() => connection.drain(maxAgeGraceMs), maxAgeMs * (0.9 + 0.2 * random())).unref();
    if (connection.closed) clearTimeout(age);
    else this.#connections.set(connection, age);
    if (this.#drainTimeoutMs !== undefined) connection.drain(this.#drainTimeoutMs);
  }

  #remove(connection: ClientConnection, failed: boolean): void {
    if (failed) this.#failed++;
    clearTimeout(this.#connections.get(connection));
    this.#connections.delete(connection);
    this.#checkEmpty();
  }

  #checkEmpty(): void {
    if (this.connectionCount === 0) this.#onEmpty?.();
  }
}
