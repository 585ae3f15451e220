import { ErrorCode } from '@evenly/http2';
import type { GrpcCode } from '@evenly/mesh-config';

/** Why an attempt, or a call, came to nothing, in one word: for whoever counts log lines. */
export type FailureWhy =
  | 'no-route'
  /** The route has it so: what it leads to is not there. */
  | 'refused'
  /** Such as a path of which two hops could think differently. */
  | 'bad-request'
  /** The request has come through too many proxies. */
  | 'loop'
  /** `Max-Forwards: 0`: the response is ours to give. */
  | 'max-forwards'
  /** A circuit breaker is full. */
  | 'overload'
  | 'no-endpoints'
  /** No endpoint can be reached, or has room, for as long as a call waits. */
  | 'no-connection'
  | 'deadline'
  /** The deadline of one attempt. */
  | 'attempt-timeout'
  /** On purpose, by the route. */
  | 'fault'
  | 'client-cancelled'
  /** Another attempt of a hedged call was answered, or ended the call. */
  | 'hedge-not-needed'
  | 'endpoint-reset'
  | 'endpoint-broke-http'
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
  /** What to reset a response with that has begun and is not gRPC. */
  resetCode: number;
  /** For a caller that does not speak gRPC; absent: what the code means there. */
  httpStatus?: number;
}

export function failure(code: GrpcCode, message: string, why: FailureWhy): Failure {
  return { code, message, why, unprocessed: false, resetCode: ErrorCode.INTERNAL_ERROR };
}
