import { endpointSet, type EndpointSet } from './endpoint.ts';
import type { EndpointSource } from './source.ts';

/**
 * Keeps the last good set of a source that fails for at most `staleMs`; then the set is empty, until it recovers.
 * A first answer "does not exist" (NOT_FOUND) counts at once: there is nothing that could be kept. Any other first
 * error tells nothing for `staleMs`, so that a control plane that restarts during an outage moves no client.
 */
export function withStaleLimit(source: EndpointSource, staleMs: number): EndpointSource {
  return {
    description: source.description,
    refresh: () => source.refresh?.(),
    endGrace: () => source.endGrace?.(),
    watch: (listener) => {
      let last: EndpointSet | undefined;
      let expired = false;
      let expiry: NodeJS.Timeout | undefined;
      const expire = () => {
        expired = true;
        listener.onEndpoints(endpointSet([]));
      };
      const stop = source.watch({
        onEndpoints: (set) => {
          last = set;
          if (!expired) listener.onEndpoints(set);
        },
        onError: (error) => {
          listener.onError(error);
          if (expired) return;
          if (last === undefined && error.code === 'NOT_FOUND') expire();
          else expiry ??= setTimeout(expire, staleMs);
        },
        onRecovered: () => {
          clearTimeout(expiry);
          expiry = undefined;
          if (expired && last !== undefined) listener.onEndpoints(last);
          expired = false;
          listener.onRecovered();
        },
      });
      return () => {
        clearTimeout(expiry);
        stop();
      };
    },
  };
}
