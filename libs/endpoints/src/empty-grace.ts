import { endpointKey, endpointSet, type Endpoint, type EndpointSet } from './endpoint.ts';
import type { EndpointSource } from './source.ts';
import { Updates } from './updates.ts';

export interface EmptyGraceOptions {
  /** How long the last ready endpoints are kept; 0 = not at all. */
  graceMs: number;
  /** Told when it begins, with how many are kept. */
  onKept?: (count: number) => void;
  /** The wait does not keep the process alive. */
  unref?: boolean;
}

/** What is taken away in parts, such as a Service whose EndpointSlices go one after the other, goes within this. */
const togetherMs = 1000;
/** Sets of that time which are remembered. */
const maxRecent = 100;

/**
 * When a source that had endpoints says that there are none, those that were ready when it named them last are kept for a
 * while: a Service that is deleted and made again takes no pod with it. Who ends, or is not ready, is not kept, so the
 * end of an orderly scale-down to none is told at once.
 */
export function withEmptyGrace(source: EndpointSource, options: EmptyGraceOptions): EndpointSource {
  const { graceMs, onKept, unref = false } = options;
  const ends = new Set<() => void>();
  return {
    description: source.description,
    refresh: () => source.refresh?.(),
    endGrace: () => ends.forEach((end) => end()),
    watch: (listener) => {
      const updates = new Updates(listener);
      const recent = new RecentSets();
      let timer: NodeJS.Timeout | undefined;
      const isKeeping = () => timer !== undefined;
      const cancel = () => {
        clearTimeout(timer);
        timer = undefined;
      };
      const end = () => {
        if (!isKeeping()) return;
        cancel();
        updates.endpoints(endpointSet([]));
      };
      const keep = (endpoints: readonly Endpoint[]) => {
        updates.endpoints(endpointSet(endpoints));
        timer = setTimeout(end, graceMs);
        if (unref) timer.unref();
        onKept?.(endpoints.length);
      };
      const stop = source.watch({
        onEndpoints: (set) => {
          if (set.endpoints.length === 0 && isKeeping()) return;
          cancel();
          const lost = recent.add(set, performance.now());
          if (graceMs > 0 && lost.length > 0) keep(lost);
          else updates.endpoints(set);
        },
        onError: (error) => updates.error('source', error),
        onRecovered: () => updates.ok('source'),
      });
      ends.add(end);
      return () => {
        ends.delete(end);
        cancel();
        stop();
      };
    },
  };
}

/** The newest set of a source, and those that it has replaced within the last second; none that was before an empty one. */
class RecentSets {
  #sets: { set: EndpointSet; untilMs: number }[] = [];

  /** @returns of an empty set: the endpoints that were ready when one of the sets before it named them last */
  add(set: EndpointSet, nowMs: number): readonly Endpoint[] {
    const recent = this.#sets.filter(({ untilMs }) => untilMs > nowMs - togetherMs);
    const isEmpty = set.endpoints.length === 0;
    const last = recent.at(-1);
    if (last !== undefined) last.untilMs = nowMs;
    this.#sets = isEmpty ? [] : [...recent.slice(1 - maxRecent), { set, untilMs: Infinity }];
    return isEmpty ? readyAtLast(recent.map((each) => each.set)) : [];
  }
}

function readyAtLast(sets: readonly EndpointSet[]): Endpoint[] {
  const byKey = new Map<string, Endpoint>();
  for (const { endpoints } of sets)
    for (const endpoint of endpoints) byKey.set(endpointKey(endpoint), endpoint);
  return [...byKey.values()].filter(({ state }) => state === 'ready');
}
