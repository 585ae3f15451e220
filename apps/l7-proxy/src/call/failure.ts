import { ErrorCode, errorCodeName, type StreamReset } from '@evenly/http2';
import type { GrpcCode } from '@evenly/mesh-config';
import { grpcCodeOfReset } from './grpc-status.ts';

/** Why an attempt, or a call, came to nothing. */
export interface Failure {
  code: GrpcCode;
  message: string;
  /** The endpoint provably did nothing, or never got it. */
  unprocessed: boolean;
  /** What to reset an answer with that has begun and is not gRPC. */
  resetCode: number;
}

export function failure(code: GrpcCode, message: string): Failure {
  return { code, message, unprocessed: false, resetCode: ErrorCode.INTERNAL_ERROR };
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
        unprocessed,
        resetCode: code === ErrorCode.NO_ERROR ? ErrorCode.INTERNAL_ERROR : code,
      };
    case 'violation':
      return { ...failure('INTERNAL', `${endpoint} broke HTTP/2: ${reason}`), unprocessed };
    case 'goaway':
      return { ...failure('UNAVAILABLE', `${endpoint} is going away`), unprocessed };
    case 'connection':
      return { ...failure('UNAVAILABLE', `connection to ${endpoint} lost: ${reason}`), unprocessed };
    case 'limit':
      return { ...failure('UNAVAILABLE', `${endpoint}: ${reason}`), unprocessed };
  }
}
