import { LocalClusterError } from '../errors.ts';
import { serviceNameLabel, type EndpointSliceObject, type StoredObject } from './objects.ts';

export interface StoreEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: T;
  /** What it was before: a watch by label has to know whether it showed that. */
  previous?: T;
  version: number;
}

/** Objects, and changes that watches can catch up with. */
export const storeLimits = { objects: 10_000, history: 1000 } as const;

/** The objects of a kind in all namespaces, with one version counter and a history of changes, as etcd and the watch cache. Pure. */
export class ObjectStore<T extends StoredObject> {
  readonly #objects = new Map<string, T>();
  readonly #listeners = new Set<(event: StoreEvent<T>) => void>();
  #history: StoreEvent<T>[] = [];
  #version = 100;
  /** Changes up to this one cannot be told any more. */
  #expired = 100;

  get version(): number {
    return this.#version;
  }

  /** Sorted by key, as the API lists them. */
  list(namespace: string | undefined, matches: (object: T) => boolean) {
    return [...this.#objects.keys()]
      .sort()
      .map((key) => this.#objects.get(key)!)
      .filter((object) => namespace === undefined || object.metadata.namespace === namespace)
      .filter(matches);
  }

  /**
   * Creates or replaces.
   * @throws LocalClusterError BUSY beyond the limit of objects
   */
  put(object: T): void {
    const previous = this.#objects.get(keyOf(object));
    if (previous === undefined && this.#objects.size >= storeLimits.objects)
      throw new LocalClusterError('BUSY', `no more than ${storeLimits.objects} objects`);
    const version = ++this.#version;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: `${version}` } };
    this.#objects.set(keyOf(object), stored);
    this.#tell({
      type: previous ? 'MODIFIED' : 'ADDED',
      object: stored,
      ...(previous && { previous }),
      version,
    });
  }

  /** @returns false when there is none of that name */
  delete(namespace: string, name: string): boolean {
    const previous = this.#objects.get(`${namespace}/${name}`);
    if (previous === undefined) return false;
    this.#objects.delete(`${namespace}/${name}`);
    const version = ++this.#version;
    // A deleted object carries the version of its deletion.
    const object = { ...previous, metadata: { ...previous.metadata, resourceVersion: `${version}` } };
    this.#tell({ type: 'DELETED', object, previous, version });
    return true;
  }

  /** @returns undefined when that is too long ago: 410 Gone */
  since(version: number): readonly StoreEvent<T>[] | undefined {
    return version < this.#expired ? undefined : this.#history.filter((event) => event.version > version);
  }

  /** Forgets the history, as etcd does after five minutes: who is not up to date has to list again. */
  expireHistory(): void {
    this.#history = [];
    // Even those who saw the last change: the counter goes on for other objects in a real cluster.
    this.#expired = ++this.#version;
  }

  /** @returns stops telling */
  onEvent(listener: (event: StoreEvent<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(event: StoreEvent<T>): void {
    this.#history.push(event);
    if (this.#history.length > storeLimits.history) this.#expired = this.#history.shift()!.version;
    for (const listener of this.#listeners) listener(event);
  }
}

/** The slices of a service, by the label. */
export const ofService = (service: string) => (object: EndpointSliceObject) =>
  object.metadata.labels[serviceNameLabel] === service;

const keyOf = ({ metadata }: StoredObject) => `${metadata.namespace}/${metadata.name}`;
