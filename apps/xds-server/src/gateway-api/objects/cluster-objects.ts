import type { DiscoveryError } from '@evenly/endpoints';
import type { ClusterState } from '@evenly/gateway-api';
import type { KubernetesApi } from '@evenly/kubernetes';
import { kinds, type StateKey, type WatchedKind } from './kinds.ts';

export interface ClusterObjectsListener {
  /** Something is another than before. */
  onChange(): void;
  /** A status stands there that may be another than before. */
  onStatus(kind: string, key: string): void;
  /** What is known stays valid; attempts go on. */
  onError(kind: string, error: DiscoveryError): void;
}

/** Follows all objects that the Gateway API is about. Maps and objects stay the same until something in them changes. */
export class ClusterObjects {
  readonly #kinds: Readonly<Record<StateKey, KindObjects>>;

  constructor(api: Pick<KubernetesApi, 'watch'>, listener: ClusterObjectsListener) {
    const follow = (key: StateKey) => new KindObjects(api, kinds[key], listener);
    this.#kinds = Object.fromEntries(
      (Object.keys(kinds) as StateKey[]).map((key) => [key, follow(key)]),
    ) as Record<StateKey, KindObjects>;
  }

  /** What has not been told yet; nothing can be concluded before it has. */
  get waiting(): string[] {
    return Object.values(this.#kinds)
      .filter(({ isKnown }) => !isKnown)
      .map(({ reason }) => reason);
  }

  state(): ClusterState {
    const maps = Object.entries(this.#kinds).map(([key, one]) => [key, one.objects()] as const);
    return Object.fromEntries(maps) as unknown as ClusterState;
  }

  /** @param key `ns/name` */
  statusOf(kind: string, key: string): unknown {
    return Object.values(this.#kinds)
      .find((one) => one.kind === kind)
      ?.statusOf(key);
  }

  stop(): void {
    for (const one of Object.values(this.#kinds)) one.stop();
  }
}

/** Those of one kind. */
class KindObjects {
  readonly kind: string;
  readonly stop: () => void;
  readonly #plural: string;
  readonly #values = new Map<string, object>();
  readonly #statuses = new Map<string, unknown>();
  #objects: ReadonlyMap<string, object> | undefined;
  #error: string | undefined;
  isKnown = false;

  constructor(
    api: Pick<KubernetesApi, 'watch'>,
    { resource, scope, optional }: WatchedKind<object>,
    listener: ClusterObjectsListener,
  ) {
    this.kind = resource.kind;
    this.#plural = resource.plural;
    this.stop = api.watch(resource, scope, {
      onObjects: (objects, changed) => {
        let differs = !this.isKnown;
        this.isKnown = true;
        this.#error = undefined;
        for (const watchKey of changed) {
          // Objects of the whole cluster have no namespace; in the state their keys begin with a slash.
          const key = watchKey.includes('/') ? watchKey : `/${watchKey}`;
          const now = objects.get(watchKey);
          differs = this.#set(key, now?.value) || differs;
          if (now === undefined) this.#statuses.delete(key);
          else this.#statuses.set(key, now.status);
          listener.onStatus(this.kind, key);
        }
        if (differs) listener.onChange();
      },
      onError: (error) => {
        this.#error = error.message;
        if (optional && error.code === 'NOT_FOUND' && !this.isKnown) {
          this.isKnown = true;
          listener.onChange();
        }
        listener.onError(this.kind, error);
      },
      onWatching: () => undefined,
    });
  }

  get reason(): string {
    return `${this.#plural}: ${this.#error ?? 'not listed yet'}`;
  }

  objects(): ReadonlyMap<string, object> {
    this.#objects ??= new Map(this.#values);
    return this.#objects;
  }

  statusOf(key: string): unknown {
    return this.#statuses.get(key);
  }

  /** @returns whether it is another one than before */
  #set(key: string, value: object | undefined): boolean {
    if (this.#values.get(key) === value) return false;
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, value);
    this.#objects = undefined;
    return true;
  }
}
