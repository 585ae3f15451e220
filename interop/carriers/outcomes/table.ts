import type { Code, EndpointName } from './endpoints.ts';
import type { Retry, Service } from './service.ts';

export interface Row extends Service {
  name: string;
  /** The caller's own deadline; absent: one that no call comes to. */
  deadlineMs?: number;
}

const backoff = { base: '2ms', max: '10ms' } as const;
const retry = (attempts: number, on?: Retry['on']): Retry => ({ attempts, backoff, ...(on && { on }) });

const failing: readonly (readonly [Code, EndpointName])[] = [
  ['CANCELLED', 'cancelled'],
  ['DEADLINE_EXCEEDED', 'deadline'],
  ['INTERNAL', 'internal'],
  ['RESOURCE_EXHAUSTED', 'exhausted'],
  ['UNAVAILABLE', 'unavailable'],
];

export const table: readonly Row[] = [
  { name: 'no policy at all', endpoints: ['ok1', 'unavailable', 'notFound'] },
  { name: 'nobody listens at one endpoint', endpoints: ['ok1', 'dead'] },
  { name: 'nobody listens at the only endpoint', endpoints: ['dead'] },
  { name: 'no endpoint', endpoints: [] },

  // Retries by status.
  ...failing.map(([code, endpoint]) => ({
    name: `3 attempts on ${code}`,
    endpoints: [endpoint],
    policy: { retry: retry(3, [code]) },
  })),
  { name: '5 attempts', endpoints: ['unavailable'], policy: { retry: retry(5) } },
  {
    name: 'attempts on other codes',
    endpoints: ['unavailable', 'notFound', 'internal'],
    policy: { retry: retry(3, ['CANCELLED', 'RESOURCE_EXHAUSTED']) },
  },
  {
    name: 'an attempt each',
    endpoints: ['ok1', 'unavailable', 'internal'],
    policy: { retry: retry(3, ['UNAVAILABLE', 'INTERNAL']) },
  },
  { name: 'an answer that has begun', endpoints: ['late'], policy: { retry: retry(3) } },
  { name: 'an endpoint that forbids retries', endpoints: ['pushback'], policy: { retry: retry(3) } },
  {
    name: "a route's retries instead of the service's",
    endpoints: ['internal'],
    policy: { retry: retry(5, ['INTERNAL']) },
    route: { retry: retry(2, ['INTERNAL']) },
  },

  // Retries where nobody answers.
  {
    name: 'retries, nobody listens at one endpoint',
    endpoints: ['ok1', 'dead'],
    policy: { retry: retry(2) },
  },
  { name: 'retries, nobody listens', endpoints: ['dead'], policy: { retry: retry(2) } },
  {
    name: 'retries, one endpoint resets connections',
    endpoints: ['ok1', 'resetting1'],
    policy: { retry: retry(2) },
  },
  { name: 'no retries, one endpoint resets connections', endpoints: ['ok1', 'resetting2'] },
  { name: 'two of three endpoints refuse streams', endpoints: ['ok1', 'refusing1', 'refusing2'] },
  { name: 'one endpoint refuses streams', endpoints: ['ok1', 'refusing1'] },
  {
    name: 'retries, one endpoint refuses streams',
    endpoints: ['ok1', 'refusing1'],
    policy: { retry: retry(2) },
  },

  // Limits of time.
  // C-core takes a second or two off (grpc#34547, grpc#40633).
  { name: 'a timeout that is long enough', endpoints: ['ok1'], policy: { timeout: '1s' } },
  { name: 'a timeout', endpoints: ['holding'], policy: { timeout: '400ms' } },
  { name: 'a timeout, the answer has begun', endpoints: ['slow'], policy: { timeout: '400ms' } },
  {
    name: 'a timeout, and retries on it',
    endpoints: ['holding'],
    policy: { timeout: '400ms', retry: retry(3, ['DEADLINE_EXCEEDED', 'UNAVAILABLE', 'CANCELLED']) },
  },
  {
    name: "the caller's deadline, and retries on it",
    endpoints: ['holding'],
    policy: { timeout: '1h', retry: retry(3, ['DEADLINE_EXCEEDED', 'UNAVAILABLE', 'CANCELLED']) },
    deadlineMs: 400,
  },
  {
    name: "a route's shorter timeout instead of the service's",
    endpoints: ['holding'],
    policy: { timeout: '1h' },
    route: { timeout: '400ms' },
  },
  {
    name: "a route's longer timeout instead of the service's",
    endpoints: ['ok1', 'holding'],
    policy: { timeout: '1ms' },
    route: { timeout: '1s' },
  },
  {
    name: 'a timeout while a retry waits',
    endpoints: ['unavailable'],
    policy: { timeout: '400ms', retry: { attempts: 3, backoff: { base: '24h', max: '24h' } } },
  },
  {
    name: 'a time for each attempt',
    endpoints: ['ok1', 'holding'],
    policy: { timeout: '3s', retry: { ...retry(2), perTryTimeout: '1s' } },
  },
  {
    name: 'a time for each attempt, nobody answers',
    endpoints: ['holding'],
    policy: { timeout: '3s', retry: { ...retry(2), perTryTimeout: '500ms' } },
  },

  // Faults.
  ...(['PERMISSION_DENIED', 'UNAVAILABLE', 'NOT_FOUND', 'DATA_LOSS', 'CANCELLED'] as const).map((code) => ({
    name: `a fault: ${code}`,
    endpoints: ['ok1'] as const,
    route: { fault: { abort: { code } } },
  })),
  {
    name: 'a fault on which calls are tried again',
    endpoints: ['ok1'],
    policy: { retry: retry(3) },
    route: { fault: { abort: { code: 'UNAVAILABLE' } } },
  },
  {
    name: 'a fault and a delay',
    endpoints: ['ok1'],
    route: { fault: { delay: { duration: '5ms' }, abort: { code: 'ABORTED' } } },
  },
  { name: 'a delay', endpoints: ['ok1'], route: { fault: { delay: { duration: '5ms' } } } },
  {
    name: "a delay longer than the caller's deadline",
    endpoints: ['ok1'],
    route: { fault: { delay: { duration: '1h' } } },
    deadlineMs: 400,
  },
  {
    name: 'a delay longer than the timeout',
    endpoints: ['ok1'],
    route: { timeout: '1500ms', fault: { delay: { duration: '3s' } } },
  },

  // Faults of a part of the calls.
  ...[0.5, 30, 99.5].map((percent) => ({
    name: `a fault of ${percent} % of the calls`,
    endpoints: ['ok1'] as const,
    route: { fault: { abort: { code: 'ABORTED' as const, percent } } },
  })),
  {
    name: 'faults of none of the calls',
    endpoints: ['ok1'],
    route: { fault: { delay: { duration: '1h', percent: 0 }, abort: { code: 'ABORTED', percent: 0 } } },
  },
  {
    name: 'a fault of 30 % of the calls, and retries on it',
    endpoints: ['ok1'],
    policy: { retry: retry(3, ['INTERNAL']) },
    route: { fault: { abort: { code: 'INTERNAL', percent: 30 } } },
  },
  {
    name: 'a delay and a fault of 40 % of the calls each',
    endpoints: ['ok1'],
    route: { fault: { delay: { duration: '1h', percent: 40 }, abort: { code: 'ABORTED', percent: 40 } } },
    deadlineMs: 5000, // many times what a call takes
  },
];
