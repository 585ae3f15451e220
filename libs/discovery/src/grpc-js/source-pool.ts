import type { DiscoveryError, EndpointListener, EndpointSet, EndpointSource } from '@evenly/endpoints';

interface SharedSource {
  source: EndpointSource;
  /** Wrapped, because the same listener may watch twice. */
  members: Set<{ listener: EndpointListener }>;
  set?: EndpointSet;
  error?: DiscoveryError | undefined;
  stop: () => void;
}

/** A member's part of a source that is shared. */
export interface PooledWatch {
  /** Looks again soon, for all members. */
  refresh(): void;
  stop(): void;
}

/** One watch of each target, however many channels have it; ends with the last of them. */
export class SourcePool {
  readonly #shared = new Map<string, SharedSource>();

  /** How many sources are watched now. */
  get size(): number {
    return this.#shared.size;
  }

  /**
   * Nothing is told within this call.
   * @throws DiscoveryError what `make` throws
   */
  watch(key: string, make: () => EndpointSource, listener: EndpointListener): PooledWatch {
    const shared = this.#shared.get(key) ?? this.#start(key, make());
    const member = { listener };
    shared.members.add(member);
    queueMicrotask(() => {
      if (!shared.members.has(member)) return;
      if (shared.set !== undefined) listener.onEndpoints(shared.set);
      if (shared.error !== undefined) listener.onError(shared.error);
    });
    return {
      refresh: () => shared.source.refresh?.(),
      stop: () => {
        if (!shared.members.delete(member) || shared.members.size > 0) return;
        this.#shared.delete(key);
        shared.stop();
      },
    };
  }

  #start(key: string, source: EndpointSource): SharedSource {
    const shared: SharedSource = { source, members: new Set(), stop: () => {} };
    shared.stop = source.watch({
      onEndpoints: (set) => {
        shared.set = set;
        for (const { listener } of [...shared.members]) listener.onEndpoints(set);
      },
      onError: (error) => {
        shared.error = error;
        for (const { listener } of [...shared.members]) listener.onError(error);
      },
      onRecovered: () => {
        shared.error = undefined;
        for (const { listener } of [...shared.members]) listener.onRecovered();
      },
    });
    this.#shared.set(key, shared);
    return shared;
  }
}
