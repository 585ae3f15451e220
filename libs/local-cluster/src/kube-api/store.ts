import { LocalClusterError } from '../errors.ts';
import { serviceNameLabel, type EndpointSliceObject } from './objects.ts';

export interface SliceEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: EndpointSliceObject;
  /** What it was before: a watch by label has to know whether it showed that. */
  previous?: EndpointSliceObject;
  version: number;
}

/** Objects, and changes that watches can catch up with. */
export const storeLimits = { objects: 10_000, history: 1000 } as const;

/** The slices of all namespaces, with one version counter and a history of changes, as etcd and the watch cache. Pure. */
export class SliceStore {
  readonly #objects = new Map<string, EndpointSliceObject>();
  readonly #listeners = new Set<(event: SliceEvent) => void>();
  #history: SliceEvent[] = [];
  #version = 100;
  /** Changes up to this one cannot be told any more. */
  #expired = 100;

  get version(): number {
    return this.#version;
  }

  /** Sorted by key, as the API lists them. */
  list(namespace: string | undefined, matches: (object: EndpointSliceObject) => boolean) {
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
  put(object: EndpointSliceObject): void {
    const previous = this.#objects.get(keyOf(object));
    if (previous === undefined && this.#objects.size >= storeLimits.objects)
      throw new LocalClusterError('BUSY', `no more than ${storeLimits.objects} EndpointSlices`);
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
  since(version: number): readonly SliceEvent[] | undefined {
    return version < this.#expired ? undefined : this.#history.filter((event) => event.version > version);
  }

  /** Forgets the history, as etcd does after five minutes: who is not up to date has to list again. */
  expireHistory(): void {
    this.#history = [];
    // Even those who saw the last change: the counter goes on for other objects in a real cluster.
    this.#expired = ++this.#version;
  }

  /** @returns stops telling */
  onEvent(listener: (event: SliceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(event: SliceEvent): void {
    this.#history.push(event);
    if (this.#history.length > storeLimits.history) this.#expired = this.#history.shift()!.version;
    for (const listener of this.#listeners) listener(event);
  }
}

/** The slices of a service, by the label. */
export const ofService = (service: string) => (object: EndpointSliceObject) =>
  object.metadata.labels[serviceNameLabel] === service;

const keyOf = ({ metadata }: EndpointSliceObject) => `${metadata.namespace}/${metadata.name}`;
