import { endpointSet, type Endpoint } from '../endpoint.ts';
import { DiscoveryError, type DiscoveryErrorCode } from '../errors.ts';
import { News } from '../news.ts';
import type { EndpointSource } from '../source.ts';

/** A source that a test drives by hand. With endpoints to begin with, it tells them to whoever comes. */
export function drivenSource(...initial: Endpoint[]) {
  const watchers = new Set<News>();
  let set = initial.length > 0 ? endpointSet(initial) : undefined;
  const source: EndpointSource = {
    description: 'driven',
    watch: (listener) => {
      const news = new News(listener);
      watchers.add(news);
      queueMicrotask(() => {
        if (set !== undefined && watchers.has(news)) news.endpoints(set);
      });
      return () => void watchers.delete(news);
    },
  };
  return {
    source,
    tell: (...endpoints: Endpoint[]) => {
      const told = (set = endpointSet(endpoints));
      watchers.forEach((news) => news.endpoints(told));
    },
    fail: (code: DiscoveryErrorCode = 'UNREACHABLE') =>
      watchers.forEach((news) => news.error('driven', new DiscoveryError(code, 'down'))),
    recover: () => watchers.forEach((news) => news.ok('driven')),
    watchers: () => watchers.size,
  };
}
