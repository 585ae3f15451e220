import { ErrorCode, errorCodeName, type StreamReset } from '@evenly/http2';
import type { GrpcCode } from '@evenly/mesh-config';
import { grpcCodeOfReset } from './grpc-status.ts';

/** Why an attempt, or a call, came to nothing, in one word: for whoever counts log lines. */
export type FailureWhy =
  | 'no-route'
  /** Such as a path of which two hops could think differently. */
  | 'bad-request'
  /** The request has come through too many proxies. */
  | 'loop'
  /** `Max-Forwards: 0`: the answer is ours to give. */
  | 'max-forwards'
  /** A circuit breaker is full. */
  | 'overload'
  | 'no-endpoints'
  /** No endpoint can be reached, or has room, for as long as a call waits. */
  | 'no-connection'
  | 'deadline'
  /** The deadline of one try. */
  | 'try-timeout'
  /** On purpose, by the route. */
  | 'fault'
  | 'client-cancelled'
  /** Another attempt of a hedged call was answered, or ended the call. */
  | 'hedge-not-needed'
  | 'endpoint-reset'
  | 'endpoint-broke-http2'
  | 'endpoint-going-away'
  | 'connection-lost'
  /** One of the proxy's own, of bytes or header fields. */
  | 'limit';

/** Why an attempt, or a call, came to nothing. */
export interface Failure {
  code: GrpcCode;
  message: string;
  why: FailureWhy;
  /** The endpoint provably did nothing, or never got it. */
  unprocessed: boolean;
  /** What to reset an answer with that has begun and is not gRPC. */
  resetCode: number;
  /** For a caller that does not speak gRPC; absent: what the code means there. */
  httpStatus?: number;
}

export function failure(code: GrpcCode, message: string, why: FailureWhy): Failure {
  return { code, message, why, unprocessed: false, resetCode: ErrorCode.INTERNAL_ERROR };
}

/**
 * What it means that an upstream stream has ended before its answer: the table in the README.
 * @param endpoint for the message, such as `10.0.0.1:50051`
 */
export function failureOf({ code, cause, unprocessed, reason }: StreamReset, endpoint: string): Failure {
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
        ...failure('INTERNAL', `${endpoint} broke HTTP/2: ${reason}`, 'endpoint-broke-http2'),
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
