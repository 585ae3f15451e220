import { msOf, type Retry, type Service } from './service.ts';

const secondsOf = (ms: number) => `${ms / 1000}s`;

/** Timeouts and retries as the service config of a grpc-js channel that has its endpoints from `@evenly/discovery`. */
export function serviceConfigOf({ policy = {} }: Service): object {
  const { timeout, retry } = policy;
  const ofAll = {
    name: [{}],
    ...(timeout && { timeout: secondsOf(msOf(timeout)) }),
    ...(retry && { retryPolicy: retryPolicyOf(retry) }),
  };
  return { loadBalancingConfig: [{ evenly_round_robin: {} }], methodConfig: [ofAll] };
}

/** Its waits are drawn from 0 to the back-off, or near it, by the version of grpc-js; its least is a millisecond. */
const retryPolicyOf = ({ attempts, on = ['UNAVAILABLE'], backoff }: Retry) => ({
  maxAttempts: attempts,
  initialBackoff: secondsOf(msOf(backoff?.base ?? '25ms')),
  maxBackoff: secondsOf(msOf(backoff?.max ?? '250ms')),
  backoffMultiplier: 2,
  retryableStatusCodes: on,
});

/** What a service config has no word for. */
export function whyNotByServiceConfig({ route }: Service): string | undefined {
  return route === undefined ? undefined : 'faults, and routes, are not for channels';
}
