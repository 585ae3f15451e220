import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { LocalClusterError, listenError } from '../errors.ts';
import { respond } from './message.ts';
import { serveConnection } from './tcp.ts';
import type { Zone } from './zone.ts';

export interface DnsOptions {
  host: string;
  /** 0 = any that is free for both UDP and TCP. */
  port: number;
}

/** What happened since the first start. */
export interface DnsCounters {
  queries: number;
  /** Negative answers for names that do not exist. */
  nxdomain: number;
  /** UDP answers that did not fit. */
  truncated: number;
  /** Packets that were no DNS query. */
  malformed: number;
  /** TCP connections beyond the limit. */
  refusedConnections: number;
  /** Errors of the listening sockets themselves. */
  socketErrors: number;
}

export interface DnsStatus {
  state: 'running' | 'stopped';
  address: string;
  port: number;
  counters: DnsCounters;
}

const maxConnections = 64;
const portAttempts = 20;

const noCounts = (): DnsCounters => ({
  queries: 0,
  nxdomain: 0,
  truncated: 0,
  malformed: 0,
  refusedConnections: 0,
  socketErrors: 0,
});

/** A DNS server over UDP and TCP for one zone, which is read anew for each query. */
export class DnsServer {
  readonly #options: DnsOptions;
  readonly #zone: () => Zone;
  readonly #counters = noCounts();
  readonly #connections = new Set<Socket>();
  #port = 0;
  #sockets: { udp: UdpSocket; tcp: Server } | undefined;

  constructor(options: DnsOptions, zone: () => Zone) {
    this.#options = options;
    this.#zone = zone;
  }

  get status(): DnsStatus {
    const state = this.#sockets ? 'running' : 'stopped';
    return { state, address: this.#options.host, port: this.#port, counters: { ...this.#counters } };
  }

  /**
   * Listens; after a stop, on the same port as before. Does nothing when it is running.
   * @throws LocalClusterError PORT_IN_USE, CANNOT_LISTEN
   */
  async start(): Promise<void> {
    if (this.#sockets) return;
    const wanted = this.#port || this.#options.port;
    for (let attempt = 1; ; attempt++) {
      try {
        this.#sockets = await this.#listen(wanted);
        this.#port = this.#sockets.udp.address().port;
        return;
      } catch (error) {
        // A port that is free for UDP need not be so for TCP: take another, if any will do.
        const inUse = error instanceof LocalClusterError && error.code === 'PORT_IN_USE';
        if (!inUse || wanted !== 0 || attempt === portAttempts) throw error;
      }
    }
  }

  /** Stops listening and cuts open connections: from outside, the server is down. Does nothing when it is stopped. */
  async stop(): Promise<void> {
    const sockets = this.#sockets;
    if (!sockets) return;
    this.#sockets = undefined;
    const closed = [once(sockets.udp, 'close'), once(sockets.tcp, 'close')];
    sockets.udp.close();
    sockets.tcp.close();
    for (const connection of this.#connections) connection.destroy();
    await Promise.all(closed);
  }

  async #listen(port: number): Promise<{ udp: UdpSocket; tcp: Server }> {
    const { host } = this.#options;
    const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    udp.on('message', (query, from) => this.#onDatagram(udp, query, from));
    udp.bind(port, host);
    await once(udp, 'listening').catch((cause: unknown) => {
      udp.close();
      throw listenError(cause, `DNS UDP port ${port} on ${host}`);
    });
    const tcp = createServer((socket) => this.#onConnection(socket));
    const tcpPort = udp.address().port;
    tcp.listen(tcpPort, host);
    await once(tcp, 'listening').catch((cause: unknown) => {
      udp.close();
      throw listenError(
        cause,
        `DNS TCP port ${(tcp.address() as AddressInfo | null)?.port ?? tcpPort} on ${host}`,
      );
    });
    for (const socket of [udp, tcp]) socket.on('error', () => void this.#counters.socketErrors++);
    return { udp, tcp };
  }

  #onDatagram(udp: UdpSocket, query: Buffer, from: RemoteInfo): void {
    if (from.port === 0) return; // nowhere to answer to
    const response = this.#answer(query, 'udp');
    // UDP may lose a response anyway; the client asks again.
    if (response) udp.send(response, from.port, from.address, () => undefined);
  }

  #onConnection(socket: Socket): void {
    if (this.#connections.size >= maxConnections) {
      this.#counters.refusedConnections++;
      socket.destroy();
      return;
    }
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
    void serveConnection(socket, (query) => this.#answer(query, 'tcp'));
  }

  #answer(query: Buffer, transport: 'udp' | 'tcp'): Buffer | undefined {
    const response = respond(query, this.#zone(), transport);
    if (!response) {
      this.#counters.malformed++;
      return undefined;
    }
    this.#counters.queries++;
    if (response.rcode === 'NXDOMAIN') this.#counters.nxdomain++;
    if (response.truncated) this.#counters.truncated++;
    return response.bytes;
  }
}
