import { setMaxListeners } from 'node:events';
import {
  asDiscoveryError,
  Backoff,
  endpointSet,
  Updates,
  repeat,
  type Endpoint,
  type EndpointSource,
  type Repetition,
} from '@evenly/endpoints';

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
      const updates = new Updates(listener);
      const inVain = inVainWaits(options);
      let waitMs = 0;
      const watch: { startedMs: number; repetition?: Repetition } = { startedMs: 0 };
      const refresh = async () => {
        watch.startedMs = performance.now();
        try {
          const { endpoints, ttlS } = await lookup(stopped.signal);
          if (stopped.signal.aborted) return;
          if (endpoints.length > 0) inVain.reset();
          waitMs = endpoints.length > 0 ? nextLookupMs(ttlS, options) : inVain.next();
          updates.endpoints(endpointSet(endpoints));
          updates.ok('dns');
        } catch (error) {
          waitMs = inVain.next();
          if (!stopped.signal.aborted) updates.error('dns', asDiscoveryError(error));
        }
      };
      watch.repetition = repeat(() => waitMs, refresh, options.unref);
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
  options: DnsSourceOptions,
  nowMs = performance.now(),
  random = Math.random,
): number {
  const floor = floorMs(options);
  return Math.max(0, startedMs + floor - nowMs) + (random() * floor) / 10;
}

/**
 * The waits while look-ups find nobody, or fail: clients wait for the first pod, so soon at first, once or twice the floor,
 * and up to `refreshMs` later.
 */
export function inVainWaits(options: DnsSourceOptions, random = Math.random) {
  const floor = floorMs(options);
  const maxMs = options.refreshMs;
  const backoff = new Backoff({ initialMs: Math.min(2 * floor, maxMs), maxMs, random });
  return { next: () => Math.max(floor, backoff.next()), reset: () => backoff.reset() };
}

const floorMs = ({ refreshMs, minRefreshMs = 1000 }: DnsSourceOptions) => Math.min(minRefreshMs, refreshMs);

/** Up to a tenth sooner by chance, so that clients whose records expire together do not ask together for ever. */
export function nextLookupMs(
  ttlS: number | undefined,
  { refreshMs, minRefreshMs = 1000 }: DnsSourceOptions,
  random = Math.random,
): number {
  const wanted = ttlS === undefined ? refreshMs : Math.max(minRefreshMs, ttlS * 1000);
  return Math.min(wanted, refreshMs) * (1 - random() / 10);
}
