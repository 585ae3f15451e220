import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An instance as Consul's API has it; what is not said is of a healthy one. */
export interface FakeInstance {
  id?: string;
  address?: string;
  nodeAddress?: string;
  port?: number;
  weights?: { Passing: number; Warning: number } | null;
  statuses?: string[] | null;
  more?: { Node?: object; Service?: object };
}

const instanceObject = ({ id = 'web-1', address = '', nodeAddress = '10.0.0.1', ...rest }: FakeInstance) => ({
  Node: { ID: 'x', Node: `node-of-${id}`, Address: nodeAddress, Meta: null, ...rest.more?.Node },
  Service: {
    ID: id,
    Service: 'web',
    Tags: [],
    Address: address,
    Port: rest.port ?? 50051,
    Weights: rest.weights === undefined ? { Passing: 1, Warning: 1 } : rest.weights,
    ...rest.more?.Service,
  },
  Checks:
    rest.statuses === undefined ? [{ Status: 'passing' }] : rest.statuses?.map((Status) => ({ Status })),
});

/** The part of an agent's HTTP API that is asked, with what a real one cannot be made to do. */
export class FakeConsulAgent {
  /** Every request: path and query, and the token. */
  readonly requests: { url: URL; token: string | undefined }[] = [];
  /** What the next answers say, sooner than any state; undefined: that the agent is well. */
  respond: ((response: ServerResponse) => void) | undefined;
  /** What headers say beside the index; undefined leaves one out. */
  headers: Record<string, string | undefined> = {};
  index = 10;
  readonly #waiting = new Set<() => void>();
  #body = '[]';
  #server: Server | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Requests that wait for a change. */
  get waiting(): number {
    return this.#waiting.size;
  }

  async start(): Promise<this> {
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  /** Another state, which all who wait are told. @param index default: the next one */
  put(instances: FakeInstance[], index = this.index + 1): void {
    this.#body = JSON.stringify(instances.map(instanceObject));
    this.index = index;
    this.wake();
  }

  /** Ends all waits: a wait that is over says nothing of a change. */
  wake(): void {
    for (const go of [...this.#waiting]) go();
  }

  /** Ends all connections, as something in between may do. */
  cut(): void {
    this.#server?.closeAllConnections();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url!, this.url);
    this.requests.push({ url, token: request.headers['x-consul-token'] as string | undefined });
    const go = () => {
      this.#waiting.delete(go);
      if (this.respond !== undefined) return this.respond(response);
      const headers = {
        'content-type': 'application/json',
        'x-consul-index': `${this.index}`,
        'x-consul-knownleader': 'true',
        ...this.headers,
      };
      const kept = Object.entries(headers).filter(([, value]) => value !== undefined);
      response.writeHead(200, Object.fromEntries(kept) as Record<string, string>).end(this.#body);
    };
    request.on('close', () => this.#waiting.delete(go));
    response.on('close', () => this.#waiting.delete(go));
    const asked = Number(url.searchParams.get('index') ?? 0);
    // As Consul has it: only an index that is not behind waits.
    if (this.respond === undefined && asked > 0 && asked >= this.index) this.#waiting.add(go);
    else go();
  }
}
