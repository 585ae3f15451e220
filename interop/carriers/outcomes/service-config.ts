import { msOf, type OutlierDetection, type Retry, type Service } from './service.ts';

const secondsOf = (ms: number) => `${ms / 1000}s`;

/** A policy as the service config of a grpc-js channel that has its endpoints from `@evenly/discovery`. */
export function serviceConfigOf({ policy = {} }: Service): object {
  const { timeout, retry, outlierDetection, ...same } = policy;
  const balancing = { ...same, ...(outlierDetection && { outlierDetection: inSeconds(outlierDetection) }) };
  const ofAll = {
    name: [{}],
    ...(timeout && { timeout: secondsOf(msOf(timeout)) }),
    ...(retry && { retryPolicy: retryPolicyOf(retry) }),
  };
  return { loadBalancingConfig: [{ evenly_round_robin: balancing }], methodConfig: [ofAll] };
}

function inSeconds(rules: OutlierDetection): object {
  const { interval, baseEjectionTime, maxEjectionTime, ...same } = rules;
  const times = Object.entries({ interval, baseEjectionTime, maxEjectionTime });
  const given = times.flatMap(([name, time]) => (time === undefined ? [] : [[name, secondsOf(msOf(time))]]));
  return { ...same, ...(Object.fromEntries(given) as Record<string, string>) };
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
export function whyNotByServiceConfig({ route, policy }: Service): string | undefined {
  if (policy?.circuitBreaker !== undefined) return 'circuit breakers are not for channels';
  return route === undefined ? undefined : 'faults, and routes, are not for channels';
}
