import { setMaxListeners } from 'node:events';
import { endpointSet, type Endpoint } from '../endpoint.ts';
import { asDiscoveryError } from '../errors.ts';
import { News } from '../news.ts';
import { repeat, type Repetition } from '../repeat.ts';
import type { EndpointSource } from '../source.ts';

/** Records of one name (more are an error, TOO_MANY), and look-ups that run at a time for it. */
export const limits = { endpoints: 1000, lookupsAtATime: 32 } as const;

export interface DnsSourceOptions {
  /** The longest time between two look-ups. Records with a shorter TTL are looked up when that ends. */
  refreshMs: number;
  /** The shortest time between two look-ups, whatever the TTL; default 1 s. `refreshMs` wins when it is shorter. */
  minRefreshMs?: number;
  /** Timers do not keep the process alive: for clients, which end when their work is done. */
  unref?: boolean;
}

/** What a look-up found, and for how many seconds it is true, where the answer said. */
export interface Lookup {
  endpoints: Endpoint[];
  ttlS: number | undefined;
}

/** A source that looks up again and again. */
export function lookupSource(
  description: string,
  lookup: (signal: AbortSignal) => Promise<Lookup>,
  options: DnsSourceOptions,
): EndpointSource {
  const watches = new Set<{ startedMs: number; repetition?: Repetition }>();
  return {
    description,
    refresh: () => {
      for (const { startedMs, repetition } of watches) repetition?.hasten(soonMs(startedMs, options));
    },
    watch: (listener) => {
      const stopped = new AbortController();
      setMaxListeners(0, stopped.signal); // one for each query under way, which `limits` bounds
      const news = new News(listener);
      let ttlS: number | undefined;
      const watch: { startedMs: number; repetition?: Repetition } = { startedMs: 0 };
      const refresh = async () => {
        watch.startedMs = performance.now();
        try {
          const found = await lookup(stopped.signal);
          if (stopped.signal.aborted) return;
          ttlS = found.ttlS;
          news.endpoints(endpointSet(found.endpoints));
          news.ok('dns');
        } catch (error) {
          ttlS = undefined;
          if (!stopped.signal.aborted) news.error('dns', asDiscoveryError(error));
        }
      };
      watch.repetition = repeat(() => nextLookupMs(ttlS, options), refresh, options.unref);
      watches.add(watch);
      return () => {
        watches.delete(watch);
        watch.repetition?.stop();
        stopped.abort();
      };
    },
  };
}

/**
 * The wait before a look-up that somebody asks for: what is left of the floor, and a little more by chance, so that the
 * many clients of a pod that died do not ask at the same moment.
 */
export function soonMs(
  startedMs: number,
  { refreshMs, minRefreshMs = 1000 }: DnsSourceOptions,
  nowMs = performance.now(),
  random = Math.random,
): number {
  const floor = Math.min(minRefreshMs, refreshMs);
  return Math.max(0, startedMs + floor - nowMs) + (random() * floor) / 10;
}

/** Up to a tenth sooner by chance, so that clients whose records expire together do not ask together for ever. */
export function nextLookupMs(
  ttlS: number | undefined,
  { refreshMs, minRefreshMs = 1000 }: DnsSourceOptions,
  random = Math.random,
): number {
  const wanted = ttlS === undefined ? refreshMs : Math.max(minRefreshMs, ttlS * 1000);
  return Math.min(wanted, refreshMs) * (1 - random() / 10);
}
