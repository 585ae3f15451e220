import type { DifferenceOf } from './differences.ts';
import type { EndpointName } from './endpoints.ts';
import { ending } from './model.ts';
import type { Row } from './table.ts';

/** Calls under way at a time, as `docs/mesh-config.md` says it: more are refused at once. */
export function mostUnderWay({ policy }: Row): number {
  const { circuitBreaker } = policy ?? {};
  return circuitBreaker === undefined ? Infinity : (circuitBreaker.maxRequests ?? 1024);
}

/** How calls may end that are all tried again at a time, where there may be no retry, or any number. */
export function endingsOfRetries({ policy, endpoints: [endpoint] }: Row, of: DifferenceOf): Set<string> {
  const { circuitBreaker, retry } = policy ?? {};
  const isLimited = circuitBreaker !== undefined && of('circuitBreaker') === undefined;
  const most = isLimited && circuitBreaker.maxRetries === 0 ? 1 : retry!.attempts;
  const least = circuitBreaker === undefined && of('retriesUnderWay') !== undefined ? 1 : most;
  const counts = Array.from({ length: most - least + 1 }, (_, index) => least + index);
  return new Set(counts.map((count) => ending('UNAVAILABLE', Array<EndpointName>(count).fill(endpoint!))));
}
