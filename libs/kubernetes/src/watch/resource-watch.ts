import { setTimeout as delay } from 'node:timers/promises';
import { asDiscoveryError, Backoff, DiscoveryError, type BackoffOptions } from '@evenly/endpoints';
import { ApiRefusal, errorOfRefusal } from '../api/api-refusal.ts';
import type { ApiRequests } from '../api/requests.ts';
import type { ResourceKind, Scope } from '../resource-kind.ts';
import { ListState } from './list-state.ts';

export interface ResourceListener<T> {
  /**
   * All objects by `namespace/name`, whenever one may have changed, and the keys of those that were added, changed or
   * deleted since the last time. The map is the watch's own: it goes on changing.
   */
  onObjects(objects: ReadonlyMap<string, T>, changed: ReadonlySet<string>): void;
  /** Said once, until the reason is another one or `onWatching` came. Attempts go on. */
  onError(error: DiscoveryError): void;
  /** A watch was opened: from now on nothing is missed. */
  onWatching(): void;
}

/** A watch that ends sooner is followed by a wait, else a server that ends each one would be asked without a pause. */
const shortWatchMs = 5000;

/**
 * Keeps listing and watching: the requests of a ListState, with a wait after each failure. A watch that ends or breaks
 * is resumed where it was. After a failure there is a list again: so what changed meanwhile is told before `onWatching`,
 * and a watch that is refused still leaves a slow poll.
 * @returns stops, and closes the connection
 */
export function watchResource<T>(
  api: ApiRequests,
  kind: ResourceKind<T>,
  scope: Scope,
  listener: ResourceListener<T>,
  options: BackoffOptions & { unref?: boolean | undefined } = {},
): () => void {
  const stopped = new AbortController();
  const { signal } = stopped;
  const state = new ListState(kind);
  const backoff = new Backoff(options);
  let said: string | undefined;
  let expiredBefore = false;

  const tell = () => listener.onObjects(state.objects, state.takeChanged());

  const list = async (continueToken: string | undefined) => {
    const { body: page, server } = await api.list(kind, scope, continueToken, signal);
    if (!signal.aborted && state.page(page, server)) tell();
  };

  /** @returns how long to wait before the next watch */
  const watch = async (from: { resourceVersion: string; server: string }): Promise<number> => {
    const startedMs = performance.now();
    let alive = false;
    const open = () => {
      if (signal.aborted) return;
      said = undefined;
      listener.onWatching();
    };
    const events = (batch: unknown[]) => {
      if (signal.aborted || batch.length === 0) return;
      apply(batch);
      alive = true;
      succeeded();
    };
    await api.watch(kind, scope, from, { open, events }, signal);
    if (performance.now() - startedMs >= shortWatchMs) {
      succeeded();
      return 0;
    }
    if (alive || signal.aborted) return backoff.next();
    throw new DiscoveryError('UNREACHABLE', 'the watch ended within 5 s, without an event');
  };

  const succeeded = () => {
    expiredBefore = false;
    backoff.reset();
  };

  /** What came together is told together, even if something behind it is no good. */
  const apply = (batch: unknown[]) => {
    try {
      for (const event of batch)
        if (state.event(event) === 'expired') throw new ApiRefusal(410, 'the history is gone');
    } finally {
      const changed = state.takeChanged();
      if (changed.size > 0) listener.onObjects(state.objects, changed);
    }
  };

  /** @returns how long to wait before the next attempt */
  const afterFailure = (thrown: unknown, verb: 'list' | 'watch'): number => {
    const refusal = thrown instanceof ApiRefusal ? thrown : undefined;
    state.relist();
    // Once is usual after a pause, and no reason to wait or to worry anybody. Again and again is not.
    if (refusal?.status === 410 && !expiredBefore) {
      expiredBefore = true;
      return 0;
    }
    const error = refusal ? errorOfRefusal(refusal, verb, kind, scope.namespace) : asDiscoveryError(thrown);
    if (error.message !== said) listener.onError(error);
    said = error.message;
    return Math.max(backoff.next(), refusal?.retryAfterMs ?? 0);
  };

  const pause = (ms: number) =>
    delay(ms, undefined, { signal, ref: options.unref !== true }).catch(() => undefined);

  const run = async () => {
    while (!signal.aborted) {
      const { request } = state;
      try {
        if (request.kind === 'list') await list(request.continueToken);
        else await pause(await watch(request));
      } catch (thrown) {
        if (signal.aborted) return;
        await pause(afterFailure(thrown, request.kind));
      }
    }
  };
  void run();
  return () => stopped.abort();
}
