import type { Code, EndpointName } from './endpoints.ts';
import type { Retry, Service } from './service.ts';

export interface Row extends Service {
  name: string;
  /** The caller's own deadline; absent: one that no call comes to. */
  deadlineMs?: number;
}

const backoff = { base: '2ms', max: '10ms' } as const;
const retry = (attempts: number, on: Retry['on']): Retry => ({ attempts, backoff, ...(on && { on }) });

const answered: readonly (readonly [Code, EndpointName])[] = [
  ['CANCELLED', 'cancelled'],
  ['DEADLINE_EXCEEDED', 'deadline'],
  ['INTERNAL', 'internal'],
  ['RESOURCE_EXHAUSTED', 'exhausted'],
  ['UNAVAILABLE', 'unavailable'],
];

export const table: readonly Row[] = [
  { name: 'no policy at all', endpoints: ['ok1', 'unavailable', 'notFound'] },
  ...answered.map(([code, endpoint]) => ({
    name: `3 attempts on ${code}`,
    endpoints: [endpoint],
    policy: { retry: retry(3, [code]) },
  })),
  {
    name: 'a timeout',
    endpoints: ['holding'],
    policy: { timeout: '400ms' },
  },
];
