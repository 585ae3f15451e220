import { DiscoveryError } from '@evenly/endpoints';
import { objectKey, type ApiObject, type ResourceKind } from '../resource-kind.ts';

/** More objects than this in one watch are an error, TOO_MANY: something else is being watched than was meant. */
export const maxObjects = 100_000;

/** What to ask the API server next. */
export type NextRequest =
  { kind: 'list'; continueToken?: string } | { kind: 'watch'; resourceVersion: string; server: string };

/** What an event did: `expired` means that the history asked for is gone (410), and `request` is a list again. */
export type EventOutcome = 'applied' | 'expired';

interface ListObject {
  kind?: unknown;
  metadata?: { resourceVersion?: unknown; continue?: unknown };
  items?: unknown;
}

interface EventObject {
  type?: unknown;
  object?: { metadata?: { resourceVersion?: unknown }; code?: unknown; message?: unknown };
}

interface Known<T> {
  /** Of the object, by which one that has not changed is known after another list. */
  resourceVersion: unknown;
  value: T;
}

/**
 * Keeps the objects of a kind by the API's list and watch protocol, without any I/O: answers go in, and out come the
 * objects and the next request. A list replaces everything, so what was deleted while nobody watched is gone too; what is
 * in it as before stays the value that it was.
 */
export class ListState<T> {
  readonly #kind: ResourceKind<T>;
  readonly #limit: number;
  readonly #objects = new Map<string, T>();
  readonly #versions = new Map<string, unknown>();
  #listing = new Map<string, Known<T>>();
  #changed = new Set<string>();
  #request: NextRequest = { kind: 'list' };
  /** Whose versions these are: a kubeconfig may come to lead to another server. */
  #server = '';

  constructor(kind: ResourceKind<T>, limit = maxObjects) {
    this.#kind = kind;
    this.#limit = limit;
  }

  get request(): NextRequest {
    return this.#request;
  }

  /** By `namespace/name`, as of the last whole list and the events since. The same map all the time. */
  get objects(): ReadonlyMap<string, T> {
    return this.#objects;
  }

  /** The keys of what was added, changed or deleted since the last call. */
  takeChanged(): ReadonlySet<string> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  /** Starts again with a list, when nothing that came is to be trusted. The objects stay until that is whole. */
  relist(): void {
    this.#listing = new Map();
    this.#request = { kind: 'list' };
  }

  /**
   * Takes a page of a list.
   * @param server who has sent it
   * @returns true when it was the last one, and the objects are those of the list
   * @throws DiscoveryError INVALID, TOO_MANY; then relist
   */
  page(body: unknown, server = ''): boolean {
    const { kind, metadata, items } = (body ?? {}) as ListObject;
    const resourceVersion = metadata?.resourceVersion;
    if (kind !== `${this.#kind.kind}List` || typeof resourceVersion !== 'string' || !Array.isArray(items))
      throw new DiscoveryError('INVALID', `the API server sent what is no list of ${this.#kind.plural}`);
    if (server !== this.#server) this.#movedTo(server);
    for (const item of items) {
      const object = this.#named(item);
      this.#listing.set(objectKey(object.metadata), this.#read(object));
    }
    this.#checkSize(this.#listing.size);
    if (typeof metadata?.continue === 'string' && metadata.continue !== '') {
      this.#request = { kind: 'list', continueToken: metadata.continue };
      return false;
    }
    for (const key of this.#objects.keys()) if (!this.#listing.has(key)) this.#delete(key);
    for (const [key, known] of this.#listing) this.#set(key, known);
    this.#listing = new Map();
    this.#request = { kind: 'watch', resourceVersion, server };
    return true;
  }

  /**
   * Takes an event of the watch.
   * @throws DiscoveryError UNREACHABLE for an ERROR event, INVALID for what is no event, TOO_MANY; then relist
   */
  event(event: unknown): EventOutcome {
    const { type, object } = (event ?? {}) as EventObject;
    if (type === 'ERROR') return this.#error(object);
    const resourceVersion = object?.metadata?.resourceVersion;
    if (typeof resourceVersion !== 'string') throw noEvent(event);
    this.#apply(type, object, event);
    this.#request = { kind: 'watch', resourceVersion, server: this.#server };
    return 'applied';
  }

  /** The same version of an object is another object there, and the rest of a list that was begun is of no use. */
  #movedTo(server: string): void {
    const isBegun = this.#listing.size > 0;
    this.#versions.clear();
    this.#server = server;
    if (isBegun) throw new DiscoveryError('UNREACHABLE', `the API server is ${server} now, within a list`);
  }

  #apply(type: unknown, object: unknown, event: unknown): void {
    switch (type) {
      case 'ADDED':
      case 'MODIFIED': {
        const named = this.#named(object);
        const key = objectKey(named.metadata);
        this.#checkSize(this.#objects.size + (this.#objects.has(key) ? 0 : 1));
        return this.#set(key, this.#read(named));
      }
      case 'DELETED':
        return this.#delete(objectKey(this.#named(object).metadata));
      case 'BOOKMARK':
        return;
      default:
        throw noEvent(event);
    }
  }

  #named(object: unknown): ApiObject {
    const { name, namespace } = (object as Partial<ApiObject> | null)?.metadata ?? {};
    if (typeof name === 'string' && (namespace === undefined || typeof namespace === 'string'))
      return object as ApiObject;
    const got = JSON.stringify(object)?.slice(0, 80);
    throw new DiscoveryError('INVALID', `the API server sent what is no ${this.#kind.kind}: ${got}`);
  }

  #read(object: ApiObject): Known<T> {
    const { resourceVersion } = object.metadata;
    const key = objectKey(object.metadata);
    const known = this.#objects.get(key);
    const isKnown = resourceVersion !== undefined && this.#versions.get(key) === resourceVersion;
    return {
      resourceVersion,
      value: isKnown && known !== undefined ? known : this.#kind.read(object, known),
    };
  }

  #set(key: string, { resourceVersion, value }: Known<T>): void {
    this.#versions.set(key, resourceVersion);
    if (this.#objects.get(key) === value && this.#objects.has(key)) return;
    this.#objects.set(key, value);
    this.#changed.add(key);
  }

  #delete(key: string): void {
    this.#versions.delete(key);
    if (this.#objects.delete(key)) this.#changed.add(key);
  }

  #error(status: EventObject['object']): EventOutcome {
    if (status?.code === 410) {
      this.relist();
      return 'expired';
    }
    const reason = typeof status?.message === 'string' ? status.message : JSON.stringify(status);
    throw new DiscoveryError('UNREACHABLE', `the API server ended the watch: ${reason}`);
  }

  #checkSize(objects: number): void {
    if (objects <= this.#limit) return;
    const { plural } = this.#kind;
    throw new DiscoveryError('TOO_MANY', `${objects} ${plural}; at most ${this.#limit} are followed`);
  }
}

function noEvent(event: unknown): DiscoveryError {
  const got = JSON.stringify(event)?.slice(0, 80);
  return new DiscoveryError('INVALID', `the API server sent what is no watch event: ${got}`);
}
