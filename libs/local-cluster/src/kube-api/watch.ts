import type { ServerResponse } from 'node:http';
import { status, type ServedKind, type StoredObject } from './objects.ts';
import type { ObjectStore, StoreEvent } from './store.ts';

export interface WatchQuery {
  of: ServedKind;
  namespace: string | undefined;
  matches: (object: StoredObject) => boolean;
  /** Absent: the present state comes first, as ADDED events. */
  resourceVersion: number | undefined;
  bookmarks: boolean;
  timeoutMs: number;
}

/** What a client that does not read may make us hold; then its watch is closed, and it resumes where it was. */
const maxUnsentBytes = 16 * 1024 * 1024;

/** One open watch: events as lines of JSON in a chunked response. */
export class Watch {
  readonly #response: ServerResponse;
  readonly #query: WatchQuery;
  readonly #store: ObjectStore<StoredObject>;
  readonly #timer: NodeJS.Timeout;
  readonly #unsubscribe: () => void;

  constructor(response: ServerResponse, query: WatchQuery, store: ObjectStore<StoredObject>) {
    this.#response = response;
    this.#query = query;
    this.#store = store;
    this.#timer = setTimeout(() => this.end(), query.timeoutMs);
    this.#unsubscribe = store.onEvent((event) => this.#event(event));
    response.on('close', () => this.#release());
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
    response.flushHeaders();
    this.#catchUp();
  }

  /** Tells how far the client is, without any change: it can resume from there. */
  bookmark(): void {
    if (!this.#query.bookmarks) return;
    const metadata = { resourceVersion: `${this.#store.version}` };
    const { kind, apiVersion, empty } = this.#query.of;
    this.#line('BOOKMARK', { kind, apiVersion, metadata, ...empty });
  }

  /** As when its time is up. */
  end(): void {
    this.#release();
    this.#response.end();
  }

  /** As when the server or the network dies. */
  cut(): void {
    this.#release();
    this.#response.destroy();
  }

  /** Writes what no API server would. */
  raw(text: string): void {
    this.#response.write(text);
  }

  #catchUp(): void {
    const { resourceVersion, namespace, matches } = this.#query;
    if (resourceVersion === undefined) {
      for (const object of this.#store.list(namespace, matches)) this.#object('ADDED', object);
      return;
    }
    const events = this.#store.since(resourceVersion);
    if (events !== undefined) return events.forEach((event) => this.#event(event));
    const message = `too old resource version: ${resourceVersion} (${this.#store.version})`;
    this.#line('ERROR', status(410, 'Expired', message));
    this.end();
  }

  /** A watch by label shows an object that comes to match as ADDED, and one that ceases to as DELETED. */
  #event({ type, object, previous }: StoreEvent<StoredObject>): void {
    const { namespace, matches } = this.#query;
    if (namespace !== undefined && object.metadata.namespace !== namespace) return;
    const before = previous !== undefined && matches(previous);
    const now = type !== 'DELETED' && matches(object);
    if (now) this.#object(before ? 'MODIFIED' : 'ADDED', object);
    else if (before) this.#object('DELETED', object);
  }

  #object(type: StoreEvent<StoredObject>['type'], object: StoredObject): void {
    const { kind, apiVersion } = this.#query.of;
    this.#line(type, { kind, apiVersion, ...object });
  }

  #line(type: string, object: unknown): void {
    this.#response.write(`${JSON.stringify({ type, object })}\n`);
    if (this.#response.writableLength > maxUnsentBytes) this.cut();
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#unsubscribe();
  }
}
