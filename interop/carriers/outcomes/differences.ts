import { readMeshConfig } from '@evenly/mesh-config';
import { features, unsupported, type Client } from '@evenly/xds';

/** What a client makes of something, if it is not what the docs say: so it is in docs/client-support.md. */
export type DifferenceOf = (what: keyof typeof things) => 'approximated' | 'impossible' | undefined;

/** What clients differ in, by its field; or by its title, where no field asks for it. */
export const things = {
  anotherEndpoint: '`retry` at an endpoint that has had none of the call',
  refused: 'calls that an endpoint refuses unprocessed (REFUSED_STREAM), tried again by themselves',
  perTryTimeout: 'retry.perTryTimeout',
  lastPerTryTimeout: '`retry.perTryTimeout` that ends the last attempt',
  pushback: 'no `retry` where the server forbids it (`grpc-retry-pushback-ms`)',
  closedConnection: 'UNAVAILABLE for a call whose connection its endpoint closes',
  unreachable: 'no calls for endpoints that refuse connections',
  timeoutOfResponse: '`timeout` of a call whose response has begun',
  delayWithTimeout: 'fault.delay',
  consecutiveFailures: 'outlierDetection.consecutiveFailures',
  failureCodes: 'outlierDetection.failureCodes',
  failures: 'outlierDetection',
  panic: 'panicThresholdPercent',
  circuitBreaker: 'circuitBreaker',
  retriesUnderWay: 'any number of retries under way, where there is no `policy.circuitBreaker`',
} as const;

/** By the table of what clients do in another way, of which users of the config are told. */
export function differenceOf(client: Client | undefined, service: string, config: string): DifferenceOf {
  if (client === undefined) return () => undefined;
  const told = unsupported(readMeshConfig(config, 'the table')).filter(
    (one) => one.service === service && one.clients.includes(client),
  );
  return (what) => {
    const ofAny = features.find(({ title }) => title === things[what]);
    if (ofAny !== undefined) return ofAny.clients[client]?.is;
    return told.find(({ field }) => plainField(field) === things[what])?.is;
  };
}

/** A policy and a route have the same. */
const plainField = (field: string) => field.replace(/^policy\./, '').replace(/ of route .*$/, '');
