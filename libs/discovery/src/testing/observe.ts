import { endpointKey } from '../endpoint.ts';
import type { EndpointSource } from '../source.ts';

/** Watches a source and keeps what it tells, for tests to wait on. */
export function observe(source: EndpointSource) {
  const sets: string[][] = [];
  const errors: string[] = [];
  let recoveries = 0;
  const stop = source.watch({
    onEndpoints: (set) => sets.push(set.endpoints.map(endpointKey)),
    onError: ({ code }) => errors.push(code),
    onRecovered: () => recoveries++,
  });
  return { sets, errors, recoveries: () => recoveries, stop };
}
