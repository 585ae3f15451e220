import { endpointKey, type EndpointSet } from '../endpoint.ts';
import type { DiscoveryError } from '../errors.ts';
import type { EndpointSource } from '../source.ts';

/** Watches a source and keeps what it tells, for tests to wait on. */
export function observe(source: EndpointSource) {
  const told: EndpointSet[] = [];
  const sets: string[][] = [];
  const failures: DiscoveryError[] = [];
  const errors: string[] = [];
  /** All in the order in which it came: `set`, `recovered`, or the code of an error. */
  const log: string[] = [];
  const stop = source.watch({
    onEndpoints: (set) => {
      told.push(set);
      sets.push(set.endpoints.map(endpointKey));
      log.push('set');
    },
    onError: (error) => {
      failures.push(error);
      errors.push(error.code);
      log.push(error.code);
    },
    onRecovered: () => log.push('recovered'),
  });
  return {
    ...{ told, sets, failures, errors, log, stop },
    recoveries: () => log.filter((each) => each === 'recovered').length,
  };
}
