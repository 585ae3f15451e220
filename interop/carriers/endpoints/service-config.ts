import type { Policy, Service } from './service.ts';

const policyNames = {
  'round-robin': 'evenly_weighted_round_robin',
  'weighted-round-robin': 'evenly_weighted_round_robin',
  'least-request': 'evenly_least_request',
  'peak-ewma': 'evenly_peak_ewma',
  random: 'evenly_random',
};

/** A policy as the service config of a grpc-js channel that has its endpoints from `@evenly/discovery`. */
export function serviceConfigOf({ loadBalancing = 'round-robin', subsetting, ...same }: Policy): object {
  const subset = subsetting && { ...subsetting, clientId: 'discovery' };
  const options = { ...same, subset };
  return { loadBalancingConfig: [{ [policyNames[loadBalancing]]: options }] };
}

/** What these policies have no option for. */
export function whyNotByServiceConfig({ locality }: Service): string | undefined {
  return locality === undefined ? undefined : 'endpoints are where their file says';
}
