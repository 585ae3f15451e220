import { endpointSet, type Endpoint } from './endpoint.ts';
import type { EndpointSource } from './source.ts';

/** Endpoints that never change. */
export function staticSource(endpoints: Iterable<Endpoint>): EndpointSource {
  const set = endpointSet(endpoints);
  return {
    description: `static, ${set.endpoints.length} endpoints`,
    watch: (listener) => {
      let stopped = false;
      queueMicrotask(() => {
        if (!stopped) listener.onEndpoints(set);
      });
      return () => void (stopped = true);
    },
  };
}
