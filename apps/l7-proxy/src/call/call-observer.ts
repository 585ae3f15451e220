import type { Endpoint } from '@evenly/endpoints';
import type { HeaderBlock, HeaderField } from '@evenly/http2';
import type { Attempt } from '../upstream/attempt.ts';
import type { Failure, FailureWhy } from '../failure.ts';

/** A call as it begins. */
export interface CallStart {
  listener: string;
  block: HeaderBlock;
  /** The client's IP address. */
  peer: string;
  isGrpc: boolean;
  /** Undefined: no route takes it. */
  route: string | undefined;
}

/** How an attempt, or a call, ended. */
export interface CallEnd {
  /** The number of a gRPC status; -1: there was none. */
  grpcStatus: number;
  /** 0: there was none. */
  httpStatus: number;
  /** Why it came to nothing, where the proxy has to say it; undefined: it is the endpoint's own response. */
  why: FailureWhy | undefined;
  /** The same in words. */
  reason: string | undefined;
}

export function callEnd(grpcStatus: number, httpStatus: number, failed: Failure | undefined): CallEnd {
  return { grpcStatus, httpStatus, why: failed?.why, reason: failed?.message };
}

export interface WholeCallEnd extends CallEnd {
  /** The cluster that it went to; undefined: no route took it. */
  service: string | undefined;
  /** The `x-request-id` that it was given here, if it was. */
  requestId: string | undefined;
  durationMs: number;
}

/** Watches one call: for a line in the access log, or for spans. A call that nobody watches has none. */
export interface CallObserver {
  /** An attempt is about to begin. @returns fields for its request */
  attemptFields(endpoint: Endpoint): readonly HeaderField[];
  /** It has begun. Without it, no endpoint took the attempt that `attemptFields` was asked for. */
  attemptStarted(attempt: Attempt): void;
  attemptEnded(attempt: Attempt, end: CallEnd): void;
  /** Content, as it comes from the client. */
  requestData(bytes: number): void;
  /** Content, as it comes from the endpoint. */
  responseData(bytes: number): void;
  /** Nothing comes after it. */
  ended(end: WholeCallEnd): void;
}

/** Who watches a call that begins; undefined: nobody. */
export type ObserveCall = (start: CallStart) => CallObserver | undefined;

/** Several who watch, as one. */
export function observeBoth(
  one: ObserveCall | undefined,
  other: ObserveCall | undefined,
): ObserveCall | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return (start) => {
    const [first, second] = [one(start), other(start)];
    return first === undefined || second === undefined ? (first ?? second) : both(first, second);
  };
}

function both(one: CallObserver, other: CallObserver): CallObserver {
  return {
    attemptFields: (endpoint) => [...one.attemptFields(endpoint), ...other.attemptFields(endpoint)],
    attemptStarted: (attempt) => {
      one.attemptStarted(attempt);
      other.attemptStarted(attempt);
    },
    attemptEnded: (attempt, end) => {
      one.attemptEnded(attempt, end);
      other.attemptEnded(attempt, end);
    },
    requestData: (bytes) => {
      one.requestData(bytes);
      other.requestData(bytes);
    },
    responseData: (bytes) => {
      one.responseData(bytes);
      other.responseData(bytes);
    },
    ended: (end) => {
      one.ended(end);
      other.ended(end);
    },
  };
}
