import { endpointSet, type Endpoint } from '../endpoint.ts';
import { DiscoveryError, type DiscoveryErrorCode } from '../errors.ts';
import { Updates } from '../updates.ts';
import type { EndpointSource } from '../source.ts';

/** A source that a test drives by hand. With endpoints to begin with, it tells them to whoever comes. */
export function drivenSource(...initial: Endpoint[]) {
  const watchers = new Set<Updates>();
  let set = initial.length > 0 ? endpointSet(initial) : undefined;
  const source: EndpointSource = {
    description: 'driven',
    watch: (listener) => {
      const updates = new Updates(listener);
      watchers.add(updates);
      queueMicrotask(() => {
        if (set !== undefined && watchers.has(updates)) updates.endpoints(set);
      });
      return () => void watchers.delete(updates);
    },
  };
  return {
    source,
    tell: (...endpoints: Endpoint[]) => {
      const told = (set = endpointSet(endpoints));
      watchers.forEach((updates) => updates.endpoints(told));
    },
    fail: (code: DiscoveryErrorCode = 'UNREACHABLE') =>
      watchers.forEach((updates) => updates.error('driven', new DiscoveryError(code, 'down'))),
    recover: () => watchers.forEach((updates) => updates.ok('driven')),
    watchers: () => watchers.size,
  };
}
