import { setTimeout as delay } from 'node:timers/promises';
import { asDiscoveryError, Backoff, DiscoveryError, type BackoffOptions } from '@evenly/endpoints';
import { ApiRefusal, errorOfRefusal } from './api-refusal.ts';
import type { EndpointSlice } from './endpoint-slice.ts';
import type { ServiceRef, SliceApi } from './slice-api.ts';
import { SliceState } from './slice-state.ts';

export interface SliceListener {
  /** All slices of the service, whenever one may have changed. */
  onSlices(slices: ReadonlyMap<string, EndpointSlice>): void;
  /** Said once, until the reason is another one or `onWatching` came. Attempts go on. */
  onError(error: DiscoveryError): void;
  /** A watch was opened: from now on nothing is missed. */
  onWatching(): void;
}

/** A watch that ends sooner is followed by a wait, else a server that ends each one would be asked without a pause. */
const shortWatchMs = 5000;

/**
 * Keeps listing and watching: the requests of a SliceState, with a wait after each failure. A watch that ends or breaks
 * is resumed where it was. After a failure there is a list again: so what changed meanwhile is told before `onWatching`,
 * and a watch that is refused still leaves a slow poll.
 * @returns stops, and closes the connection
 */
export function watchSlices(
  api: SliceApi,
  ref: ServiceRef,
  listener: SliceListener,
  options: BackoffOptions & { unref?: boolean | undefined } = {},
): () => void {
  const stopped = new AbortController();
  const { signal } = stopped;
  const state = new SliceState();
  const backoff = new Backoff(options);
  let said: string | undefined;
  let expiredBefore = false;

  const list = async (continueToken: string | undefined) => {
    const page = await api.list(ref, continueToken, signal);
    if (!signal.aborted && state.page(page)) listener.onSlices(state.slices);
  };

  /** @returns how long to wait before the next watch */
  const watch = async (resourceVersion: string): Promise<number> => {
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
    await api.watch(ref, resourceVersion, { open, events }, signal);
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
    let changed = false;
    try {
      for (const event of batch) {
        const outcome = state.event(event);
        if (outcome === 'expired') throw new ApiRefusal(410, 'the history is gone');
        changed ||= outcome === 'changed';
      }
    } finally {
      if (changed) listener.onSlices(state.slices);
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
    const error = refusal ? errorOfRefusal(refusal, verb, ref.namespace) : asDiscoveryError(thrown);
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
        else await pause(await watch(request.resourceVersion));
      } catch (thrown) {
        if (signal.aborted) return;
        await pause(afterFailure(thrown, request.kind));
      }
    }
  };
  void run();
  return () => stopped.abort();
}
