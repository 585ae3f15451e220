import type { DiscoveryError } from '@evenly/endpoints';
import type { ResourceKind, Scope } from '../resource-kind.ts';
import type { ResourceListener } from './resource-watch.ts';

type Start = <T>(kind: ResourceKind<T>, scope: Scope, listener: ResourceListener<T>) => () => void;

/** One watch, and what it last said, for those who join later. */
interface SharedWatch<T> {
  /** Wrapped, because the same listener may watch twice. */
  members: Set<{ listener: ResourceListener<T> }>;
  objects?: ReadonlyMap<string, T>;
  error?: DiscoveryError | undefined;
  stop: () => void;
}

/** One watch, so one connection, for all who follow the same objects; it ends with the last of them. */
export class SharedWatches {
  readonly #start: Start;
  /** By the kind itself: another reader of the same objects is another watch. */
  readonly #watches = new Map<object, Map<string, unknown>>();

  constructor(start: Start) {
    this.#start = start;
  }

  get size(): number {
    let size = 0;
    for (const ofKind of this.#watches.values()) size += ofKind.size;
    return size;
  }

  /** Tells the objects, never within this call. @returns stops telling */
  join<T>(kind: ResourceKind<T>, scope: Scope, listener: ResourceListener<T>): () => void {
    const ofKind = (this.#watches.get(kind) ?? new Map()) as Map<string, SharedWatch<T>>;
    this.#watches.set(kind, ofKind);
    const key = JSON.stringify([scope.namespace, scope.labelSelector, scope.fieldSelector]);
    const shared = ofKind.get(key) ?? this.#begin(kind, scope);
    ofKind.set(key, shared);
    const member = { listener };
    shared.members.add(member);
    queueMicrotask(() => {
      if (!shared.members.has(member)) return;
      if (shared.objects !== undefined) listener.onObjects(shared.objects, new Set(shared.objects.keys()));
      if (shared.error !== undefined) listener.onError(shared.error);
    });
    return () => {
      if (!shared.members.delete(member) || shared.members.size > 0) return;
      ofKind.delete(key);
      if (ofKind.size === 0) this.#watches.delete(kind);
      shared.stop();
    };
  }

  #begin<T>(kind: ResourceKind<T>, scope: Scope): SharedWatch<T> {
    const shared: SharedWatch<T> = { members: new Set(), stop: () => {} };
    shared.stop = this.#start(kind, scope, {
      onObjects: (objects, changed) => {
        shared.objects = objects;
        for (const { listener } of shared.members) listener.onObjects(objects, changed);
      },
      onError: (error) => {
        shared.error = error;
        for (const { listener } of shared.members) listener.onError(error);
      },
      onWatching: () => {
        shared.error = undefined;
        for (const { listener } of shared.members) listener.onWatching();
      },
    });
    return shared;
  }
}
