import type { Row } from './table.ts';

/** Calls that are held: so many at once where there is no limit, beyond what clients allow by themselves. */
export const heldTable: readonly (Row & { calls: number })[] = [
  { name: 'no limit of calls under way', endpoints: ['holding'], calls: 1200 },
  {
    name: 'five calls under way',
    endpoints: ['holding'],
    policy: { circuitBreaker: { maxRequests: 5 } },
    calls: 8,
  },
  {
    name: 'no calls under way',
    endpoints: ['holding'],
    policy: { circuitBreaker: { maxRequests: 0 } },
    calls: 3,
  },
];

/** All calls wait for their retries at a time. */
const retry = { attempts: 3, backoff: { base: '300ms', max: '300ms' } } as const;

export const retriedTable: readonly Row[] = [
  { name: 'no limit of retries under way', endpoints: ['unavailable'], policy: { retry } },
  {
    name: 'no retries under way',
    endpoints: ['unavailable'],
    policy: { retry, circuitBreaker: { maxRetries: 0 } },
  },
];
