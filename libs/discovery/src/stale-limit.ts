import { endpointSet } from './endpoint.ts';
import type { EndpointSource } from './source.ts';

/**
 * Keeps the last good set of a source that fails for at most `staleMs`; then the set is empty, until there is news.
 * A first answer "does not exist" (NOT_FOUND) counts at once: there is nothing that could be kept. Any other first
 * error tells nothing for `staleMs`, so that a control plane that restarts during an outage moves no client.
 */
export function withStaleLimit(source: EndpointSource, staleMs: number): EndpointSource {
  return {
    description: source.description,
    watch: (listener) => {
      let told = false;
      let expiry: NodeJS.Timeout | undefined;
      const news = () => {
        clearTimeout(expiry);
        expiry = undefined;
        told = true;
      };
      const expire = () => {
        told = true;
        listener.onEndpoints(endpointSet([]));
      };
      const stop = source.watch({
        onEndpoints: (set) => {
          news();
          listener.onEndpoints(set);
        },
        onError: (error) => {
          listener.onError(error);
          if (!told && error.code === 'NOT_FOUND') expire();
          else expiry ??= setTimeout(expire, staleMs);
        },
      });
      return () => {
        clearTimeout(expiry);
        stop();
      };
    },
  };
}
