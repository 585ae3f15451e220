import type { BackoffOptions, DiscoveryError } from '@evenly/endpoints';
import type { ApiServerAccess } from './api-server-access.ts';
import type { EndpointSlice } from './endpoint-slice.ts';
import { SliceApi, type ServiceRef, type SliceApiOptions } from './slice-api.ts';
import { watchSlices, type SliceListener } from './slice-watch.ts';

export interface KubernetesApiOptions extends SliceApiOptions {
  /** Waits after failures: at first up to 200 ms, at most 30 s, with jitter. */
  backoff?: BackoffOptions;
}

/** One watch, and what it last said, for those who join later. */
interface SharedWatch {
  /** Wrapped, because the same listener may watch twice. */
  members: Set<{ listener: SliceListener }>;
  slices?: ReadonlyMap<string, EndpointSlice>;
  error?: DiscoveryError | undefined;
  stop: () => void;
}

/**
 * An API server. Sources that share it share one watch, so one connection, for each service; that ends with the last of
 * them.
 */
export class KubernetesApi {
  readonly #api: SliceApi;
  readonly #access: ApiServerAccess;
  readonly #waits: BackoffOptions & { unref?: boolean | undefined };
  readonly #watches = new Map<string, SharedWatch>();

  constructor(access: ApiServerAccess, { backoff, ...options }: KubernetesApiOptions = {}) {
    this.#api = new SliceApi(access, options);
    this.#access = access;
    this.#waits = { ...backoff, unref: options.unref };
  }

  /**
   * Of services that are named without one.
   * @throws DiscoveryError BAD_CONFIG
   */
  async ownNamespace(): Promise<string> {
    return (await this.#access.namespace?.()) ?? 'default';
  }

  /** How many services are watched now. */
  get watches(): number {
    return this.#watches.size;
  }

  /**
   * Tells the slices of a service, never within this call.
   * @returns stops telling; the last one to stop closes the connection
   */
  watch(ref: ServiceRef, listener: SliceListener): () => void {
    const key = `${ref.namespace}/${ref.service}`;
    const shared = this.#watches.get(key) ?? this.#start(key, ref);
    const member = { listener };
    shared.members.add(member);
    queueMicrotask(() => {
      if (!shared.members.has(member)) return;
      if (shared.slices !== undefined) listener.onSlices(shared.slices);
      if (shared.error !== undefined) listener.onError(shared.error);
    });
    return () => {
      if (!shared.members.delete(member) || shared.members.size > 0) return;
      this.#watches.delete(key);
      shared.stop();
    };
  }

  #start(key: string, ref: ServiceRef): SharedWatch {
    const shared: SharedWatch = { members: new Set(), stop: () => {} };
    const tell: SliceListener = {
      onSlices: (slices) => {
        shared.slices = slices;
        for (const { listener } of shared.members) listener.onSlices(slices);
      },
      onError: (error) => {
        shared.error = error;
        for (const { listener } of shared.members) listener.onError(error);
      },
      onWatching: () => {
        shared.error = undefined;
        for (const { listener } of shared.members) listener.onWatching();
      },
    };
    shared.stop = watchSlices(this.#api, ref, tell, this.#waits);
    this.#watches.set(key, shared);
    return shared;
  }
}
