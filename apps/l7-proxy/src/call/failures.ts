import { ErrorCode, errorCodeName, type StreamReset } from '@evenly/http2';
import { failure, type Failure } from '../failure.ts';
import type { Cluster } from '../upstream/cluster.ts';
import { grpcCodeOfReset } from './response/grpc-status.ts';

/* Every way in which a call, or an attempt, comes to nothing, as callers are told. */

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
export const attemptTimeout = (endpoint: string): Failure =>
  failure('DEADLINE_EXCEEDED', `no answer from ${endpoint} in the time of one attempt`, 'attempt-timeout');

/**
 * What it means that an upstream stream has ended before its response.
 * @param endpoint for the message, such as `10.0.0.1:50051`
 */
export function ofReset({ code, cause, unprocessed, reason }: StreamReset, endpoint: string): Failure {
  switch (cause) {
    case 'peer':
      return {
        code: grpcCodeOfReset(code),
        message: `${endpoint} reset the call: ${errorCodeName(code)}`,
        why: 'endpoint-reset',
        unprocessed,
        resetCode: code === ErrorCode.NO_ERROR ? ErrorCode.INTERNAL_ERROR : code,
      };
    case 'violation':
      return {
        ...failure('INTERNAL', `${endpoint} broke HTTP: ${reason}`, 'endpoint-broke-http'),
        unprocessed,
      };
    case 'goaway':
      return { ...failure('UNAVAILABLE', `${endpoint} is going away`, 'endpoint-going-away'), unprocessed };
    case 'connection':
      return {
        ...failure('UNAVAILABLE', `connection to ${endpoint} lost: ${reason}`, 'connection-lost'),
        unprocessed,
      };
    case 'limit':
      return {
        ...failure(
          code === ErrorCode.ENHANCE_YOUR_CALM ? 'RESOURCE_EXHAUSTED' : 'UNAVAILABLE',
          `${endpoint}: ${reason}`,
          'limit',
        ),
        unprocessed,
      };
  }
}
