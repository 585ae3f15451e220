import type { Retry } from '@evenly/mesh-config';
import { RetryPolicy } from '@evenly/proto/envoy/config/route/v3/route_components';
import { durationOf } from './duration.ts';
import { message } from './message.ts';

/** Who reads a retry policy: gRPC clients, and our own proxy, know the status codes alone (gRFC A44). */
export type RetryReader = 'grpc' | 'envoy';

/**
 * For Envoy a status code is one that an endpoint answered. A connection that is refused or breaks is UNAVAILABLE for the
 * caller as well, and an attempt that its time-out ends is a reset: both have words of their own.
 */
const whereNobodyAnswered = ['connect-failure', 'refused-stream', 'reset'];

/** With 1 ms C-core (1.85) makes no second attempt now and then, and such a call waits for its deadline. */
const leastBackoffMs = 2;

/** Envoy draws an endpoint so often, until it has one that the call has not been to. */
const hostSelections = 5n;

export function retryPolicy(
  { attempts, perTryTimeoutMs, on, backoff }: Retry,
  reader: RetryReader,
): RetryPolicy {
  // Without blanks: grpc-js and C-core know no code " unavailable".
  const codes = on.map((code) => code.toLowerCase().replaceAll('_', '-'));
  const isForEnvoy = reader === 'envoy';
  const hasReset = isForEnvoy && (on.includes('UNAVAILABLE') || perTryTimeoutMs !== undefined);
  return message(RetryPolicy, {
    retryOn: [...codes, ...(hasReset ? whereNobodyAnswered : [])].join(','),
    numRetries: attempts - 1,
    perTryTimeout: perTryTimeoutMs === undefined ? undefined : durationOf(perTryTimeoutMs),
    retryBackOff: {
      baseInterval: durationOf(Math.max(leastBackoffMs, backoff.baseMs)),
      maxInterval: durationOf(Math.max(leastBackoffMs, backoff.maxMs)),
    },
    ...(isForEnvoy
      ? { retryHostPredicate: [anotherHost], hostSelectionRetryMaxAttempts: hostSelections }
      : {}),
  });
}

const anotherHost: RetryPolicy['retryHostPredicate'][number] = {
  name: 'envoy.retry_host_predicates.previous_hosts',
  configType: {
    $case: 'typedConfig',
    value: {
      typeUrl: 'type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
      value: Buffer.alloc(0), // it has no fields
    },
  },
};
