import { Backoff } from '@evenly/endpoints';
import type { Listener } from '@evenly/mesh-config';
import type { RouteTable } from '../routing/route-table.ts';
import type { Cluster } from '../upstream/cluster.ts';

/** A listener of the config that could not have its port. */
export interface FailedListener {
  one: Listener;
  table: RouteTable<Cluster>;
  reason: string;
}

/** When a port is tried again: soon, and at last every half minute. */
const retryWaits = { initialMs: 1000, maxMs: 30_000 };

/**
 * The listeners that could not have their ports. They are tried again: who has a port now may let go of it, such as the
 * process before this one. An xDS server has had its acknowledgement by then, and would not send them again.
 */
export class FailedListeners {
  readonly #failed = new Map<string, FailedListener>();
  readonly #backoff = new Backoff(retryWaits);
  readonly #retry: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param retry asked to try all of them, and to `plan` afterwards */
  constructor(retry: () => void) {
    this.#retry = retry;
  }

  get all(): readonly FailedListener[] {
    return [...this.#failed.values()];
  }

  add(failed: FailedListener): void {
    this.#failed.set(failed.one.name, failed);
  }

  /** It has its port. */
  delete(name: string): void {
    this.#failed.delete(name);
  }

  /** The config has changed: those that it has fail anew, if at all. */
  clear(): void {
    this.#failed.clear();
    this.#backoff.reset();
  }

  /** Sets the time of the next attempt, if one is needed. */
  plan(): void {
    this.stop();
    if (this.#failed.size > 0) this.#timer = setTimeout(this.#retry, this.#backoff.next()).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
