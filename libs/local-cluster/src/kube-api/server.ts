import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listenError } from '../errors.ts';
import { Pages } from './pages.ts';
import { forbidden, isTrue, readRequest, type Refusal, type ApiQuery } from './request.ts';
import {
  serviceKind,
  sliceKind,
  status,
  type EndpointSliceObject,
  type ServedKind,
  type ServiceObject,
  type StoredObject,
} from './objects.ts';
import { ObjectStore } from './store.ts';
import { Watch } from './watch.ts';

export interface KubeApiOptions {
  /** Default 127.0.0.1. */
  host?: string;
  /** 0 (default) = any. */
  port?: number;
  /** Who asks without one of these bearer tokens gets 401; absent: anybody may ask. May change at any time. */
  tokens?: ReadonlySet<string>;
  /** Time between two bookmarks of a watch, default 60 s. */
  bookmarkMs?: number;
}

/** What the server does wrong on purpose. May be changed at any time; holds for requests that come then. */
export interface KubeApiFaults {
  /** Refused with 403, as without an RBAC rule. */
  forbid: readonly ('list' | 'watch' | 'get')[];
  /** The same for these kinds, by their plurals, whatever is asked of them. */
  forbidKinds: readonly string[];
  /** The same for what asks for all namespaces at once, as without a ClusterRole. */
  forbidCluster: boolean;
  /** `html`: 200 with a page, as a captive proxy. `hang`: no answer. `busy`: 429 with Retry-After. */
  answer: 'properly' | 'html' | 'hang' | 'busy';
  /** How a version that is too old is said to a watch: in the stream, as a real server does, or as the response. */
  goneAs: 'event' | 'response';
}

/** What was asked since the start, for tests. */
export interface KubeApiCounters {
  lists: number;
  watches: number;
  refused: number;
}

const maxWatches = 1000;

/** List and watch of EndpointSlices, Services and what else is wanted of a Kubernetes API server, over plain HTTP. They are put in by hand. */
export class KubeApi {
  readonly store = new ObjectStore<EndpointSliceObject>();
  readonly services = new ObjectStore<ServiceObject>();
  /** What was created by POST, of whatever kind; 409 for a name that there is. */
  readonly created = new Map<string, object>();
  readonly faults: KubeApiFaults = {
    forbid: [],
    forbidKinds: [],
    forbidCluster: false,
    answer: 'properly',
    goneAs: 'event',
  };
  readonly counters: KubeApiCounters = { lists: 0, watches: 0, refused: 0 };
  readonly #options: KubeApiOptions;
  readonly #stores = new Map<ServedKind, ObjectStore<StoredObject>>([
    [sliceKind, this.store as unknown as ObjectStore<StoredObject>],
    [serviceKind, this.services as unknown as ObjectStore<StoredObject>],
  ]);
  readonly #watches = new Set<Watch>();
  readonly #pages = new Pages();
  #server: Server | undefined;
  #bookmarks: NodeJS.Timeout | undefined;
  #port = 0;

  constructor(options: KubeApiOptions = {}) {
    this.#options = options;
  }

  /** `http://127.0.0.1:8001`; once it was started. */
  get url(): string {
    const { host = '127.0.0.1' } = this.#options;
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.#port}`;
  }

  /** One more kind, from now on. @returns where its objects are put in */
  serve(kind: ServedKind): ObjectStore<StoredObject> {
    const store = new ObjectStore<StoredObject>();
    this.#stores.set(kind, store);
    return store;
  }

  /** Watches that are open now. */
  get watches(): number {
    return this.#watches.size;
  }

  /**
   * Listens; after a stop, on the same port as before.
   * @throws LocalClusterError PORT_IN_USE, CANNOT_LISTEN
   */
  async start(): Promise<this> {
    if (this.#server) return this;
    const { host = '127.0.0.1', port = 0, bookmarkMs = 60_000 } = this.#options;
    const server = createServer((request, response) => this.#onRequest(request, response));
    server.listen(this.#port || port, host);
    await once(server, 'listening').catch((cause: unknown) => {
      throw listenError(cause, `Kubernetes API port ${this.#port || port} on ${host}`);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    this.#bookmarks = setInterval(() => this.bookmark(), bookmarkMs);
    this.#bookmarks.unref();
    return this;
  }

  /** Cuts everything: from outside, the server is down. The slices stay. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    clearInterval(this.#bookmarks);
    this.cutWatches();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }

  /** Sends a bookmark to every watch that takes them. */
  bookmark(): void {
    for (const watch of this.#watches) watch.bookmark();
  }

  /** Ends all watches as when their time is up. */
  endWatches(): void {
    for (const watch of [...this.#watches]) watch.end();
  }

  /** Breaks the connections of all watches. */
  cutWatches(): void {
    for (const watch of [...this.#watches]) watch.cut();
  }

  /** Writes any text into all watches. */
  garble(text: string): void {
    for (const watch of this.#watches) watch.raw(text);
  }

  /** Forgets what changed before now: watches that ask from there, and lists that go on, get 410. */
  expireHistory(): void {
    for (const store of this.#stores.values()) store.expireHistory();
    this.#pages.expire();
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    if (this.faults.answer === 'hang') return;
    if (this.faults.answer === 'html') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Sign in</body></html>');
      return;
    }
    if (request.method === 'POST') return void this.#create(request, response);
    const query = readRequest(request, this.#options.tokens, [...this.#stores.keys()]);
    if ('code' in query) return this.#refuse(response, query);
    const refusal = this.#refusal(query);
    if (refusal !== undefined) return this.#refuse(response, refusal);
    if (query.verb === 'get') this.#get(query, response);
    else if (query.verb === 'list') this.#list(query, response);
    else this.#watch(query, response);
  }

  #refusal(query: ApiQuery): Refusal | undefined {
    const isForbidden = this.faults.forbidCluster && query.namespace === undefined;
    const { forbid, forbidKinds } = this.faults;
    if (isForbidden || forbid.includes(query.verb) || forbidKinds.includes(query.of.plural))
      return forbidden(query);
    const tooMany = query.verb === 'watch' && this.#watches.size >= maxWatches;
    if (!tooMany && this.faults.answer !== 'busy') return undefined;
    return status(
      429,
      'TooManyRequests',
      'the server has received too many requests, please try again later',
    );
  }

  #refuse(response: ServerResponse, refusal: Refusal): void {
    this.counters.refused++;
    if (refusal.code === 429) response.setHeader('retry-after', '1');
    respond(response, refusal.code, refusal);
  }

  async #create(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const object = JSON.parse(Buffer.concat(chunks).toString()) as StoredObject;
    const key = `${new URL(request.url!, this.url).pathname}/${object.metadata.name}`;
    if (this.created.has(key)) return this.#refuse(response, status(409, 'AlreadyExists', 'already exists'));
    this.created.set(key, object);
    respond(response, 201, object);
  }

  #get({ of, namespace, name }: ApiQuery, response: ServerResponse): void {
    const [object] = this.#stores.get(of)!.list(namespace, ({ metadata }) => metadata.name === name);
    if (object === undefined)
      return this.#refuse(response, status(404, 'NotFound', `${of.plural} "${name}" not found`));
    respond(response, 200, { kind: of.kind, apiVersion: of.apiVersion, ...object });
  }

  #list(query: ApiQuery, response: ServerResponse): void {
    const { of, namespace, matches, parameters } = query;
    const store = this.#stores.get(of)!;
    this.counters.lists++;
    const token = parameters.get('continue');
    const limit = Number(parameters.get('limit') ?? 0);
    const page = token
      ? this.#pages.next(token, limit)
      : this.#pages.first(of, store.list(namespace, matches), store.version, limit);
    if (page !== undefined) respond(response, 200, page);
    else this.#refuse(response, status(410, 'Expired', 'The provided continue parameter is too old'));
  }

  #watch(query: ApiQuery, response: ServerResponse): void {
    const { of, namespace, matches, parameters } = query;
    const store = this.#stores.get(of)!;
    const text = parameters.get('resourceVersion') ?? '';
    const resourceVersion = text === '' || text === '0' ? undefined : Number(text);
    if (Number.isNaN(resourceVersion)) {
      const message = `resourceVersion: Invalid value: ${JSON.stringify(text)}`;
      return this.#refuse(response, status(500, 'InternalError', message));
    }
    const gone = resourceVersion !== undefined && store.since(resourceVersion) === undefined;
    if (gone && this.faults.goneAs === 'response')
      return this.#refuse(response, status(410, 'Expired', `too old resource version: ${text}`));
    this.counters.watches++;
    const timeoutMs = Number(parameters.get('timeoutSeconds') ?? 1800) * 1000;
    const bookmarks = isTrue(parameters.get('allowWatchBookmarks'));
    const watch = new Watch(
      response,
      { of, namespace, matches, resourceVersion, bookmarks, timeoutMs },
      store,
    );
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
  }
}

function respond(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
