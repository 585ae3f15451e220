import type { Cluster } from '../upstream/cluster.ts';
import { failure, type Failure } from './failure.ts';

/* What the proxy itself ends a call with. */

export const clientCancelled = (): Failure =>
  failure('CANCELLED', 'the client has cancelled', 'client-cancelled');

/** @param reason of the engine: a limit on what its stream may hold */
export const clientOverLimit = (reason: string): Failure => failure('RESOURCE_EXHAUSTED', reason, 'limit');

export const tooManyCalls = ({ name }: Cluster): Failure =>
  failure('UNAVAILABLE', `too many calls to ${name} are under way`, 'overload');

export const tooManyWait = ({ name }: Cluster): Failure =>
  failure('UNAVAILABLE', `too many calls wait for ${name}`, 'overload');

export const noEndpoints = ({ name }: Cluster): Failure =>
  failure('UNAVAILABLE', `${name} has no endpoints`, 'no-endpoints');

export function noConnection({ name, connectError }: Cluster): Failure {
  const reason = connectError ?? 'all are busy or being connected';
  return failure('UNAVAILABLE', `no endpoint of ${name} takes the call: ${reason}`, 'no-connection');
}

export const deadlineExceeded = ({ name }: Cluster): Failure =>
  failure('DEADLINE_EXCEEDED', `no answer from ${name} in time`, 'deadline');

/** @param endpoint such as `10.0.0.1:50051` */
export const tryTimeout = (endpoint: string): Failure =>
  failure('DEADLINE_EXCEEDED', `no answer from ${endpoint} in the time of one try`, 'try-timeout');
