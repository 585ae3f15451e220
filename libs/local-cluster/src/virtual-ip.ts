import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { listenError } from './errors.ts';
import type { PodStatus } from './pod.ts';

export interface VirtualIpOptions {
  host: string;
  /** 0 = any. */
  port: number;
}

export interface VirtualIpStatus {
  address: string;
  port: number;
  /** Open connections by pod. */
  connections: Record<string, number>;
  /** Connections that came while no pod was ready, or beyond the limit. */
  refused: number;
}

const maxConnections = 1000;

/**
 * What kube-proxy makes of a Service with a cluster IP: each new connection goes to a random ready pod, and stays there
 * as long as it lasts, whatever becomes of the pod's readiness. Nothing above the connection is looked at.
 */
export class VirtualIp {
  readonly #options: VirtualIpOptions;
  readonly #pods: () => readonly PodStatus[];
  readonly #open = new Map<Socket, { pod: string; upstream: Socket }>();
  #server: Server | undefined;
  #port = 0;
  #refused = 0;

  /** @param pods of the service, in any state */
  constructor(options: VirtualIpOptions, pods: () => readonly PodStatus[]) {
    this.#options = options;
    this.#pods = pods;
  }

  get status(): VirtualIpStatus {
    const connections: Record<string, number> = {};
    for (const { pod } of this.#open.values()) connections[pod] = (connections[pod] ?? 0) + 1;
    return { address: this.#options.host, port: this.#port, connections, refused: this.#refused };
  }

  /** @throws LocalClusterError PORT_IN_USE, CANNOT_LISTEN */
  async start(): Promise<void> {
    if (this.#server) return;
    const { host, port } = this.#options;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) =>
      this.#onConnection(client),
    );
    server.listen(this.#port || port, host);
    await once(server, 'listening').catch((cause: unknown) => {
      throw listenError(cause, `virtual IP ${host} port ${this.#port || port}`);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Stops listening and cuts what is open. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    for (const [client, { upstream }] of this.#open) {
      client.destroy();
      upstream.destroy();
    }
    await closed;
  }

  #onConnection(client: Socket): void {
    const ready = this.#pods().filter(({ state, port }) => state === 'running' && port !== undefined);
    const pod = ready[Math.floor(Math.random() * ready.length)];
    if (pod === undefined || this.#open.size >= maxConnections) {
      this.#refused++;
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ host: pod.address, port: pod.port!, allowHalfOpen: true, noDelay: true });
    this.#open.set(client, { pod: pod.name, upstream });
    client.once('close', () => this.#open.delete(client));
    // Either end sees of the other's end what it would see without anybody in between.
    client.on('error', () => upstream.resetAndDestroy()).pipe(upstream);
    upstream.on('error', () => client.resetAndDestroy()).pipe(client);
  }
}
