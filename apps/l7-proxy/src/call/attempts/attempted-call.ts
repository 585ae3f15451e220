import type { CircuitBreaker } from '@evenly/balancing';
import type { HeaderBlock } from '@evenly/http2';
import type { Failure } from '../../failure.ts';
import type { RequestPlan } from '../../routing/request-plan.ts';
import type { ReadyDestination, ReadyRoute } from '../../routing/route-table.ts';
import type { Cluster } from '../../upstream/cluster.ts';
import type { CallContext } from '../call-context.ts';
import type { CallObserver } from '../call-observer.ts';
import type { RequestSide } from '../request/request-side.ts';
import type { ResponseFacts } from '../response/response-facts.ts';

/** What attempts know of their call, and tell it. */
export interface AttemptedCall {
  readonly context: CallContext;
  readonly plan: RequestPlan<Cluster>;
  readonly route: ReadyRoute<Cluster>;
  /** The one that the route has chosen, and its cluster. */
  readonly destination: ReadyDestination<Cluster>;
  readonly cluster: Cluster;
  /** The request's, as the route has it. */
  readonly block: HeaderBlock;
  /** The cluster's when the call started: a reload may give it another. */
  readonly breaker: CircuitBreaker;
  readonly request: RequestSide;
  readonly observer: CallObserver | undefined;
  /** The key of the endpoint that its session is at; undefined: any will do. */
  readonly pinnedTo: string | undefined;
  /** On the clock of `context.now`; Infinity: none. */
  readonly deadlineMs: number;
  /** Of the response; 0 before it has begun. */
  readonly httpStatus: number;
  /** The response has begun: there is no other attempt from here on. */
  readonly isResponding: boolean;
  /** Whether what an endpoint ends now, it ends because of the deadline. */
  isLate(): boolean;
  /** An endpoint, or the clock, finds the deadline over. */
  onDeadline(): void;
  onInformational(block: HeaderBlock): void;
  /** @param endpoint the key of the one that answers */
  onResponseHeaders(facts: ResponseFacts, endStream: boolean, endpoint: string): void;
  onResponseTrailers(facts: ResponseFacts): void;
  /** @returns how many bytes have left for the client */
  onResponseData(bytes: Buffer, start: number, end: number, endStream: boolean): number;
  /** After the last of it. @param grpcStatus -1: there was none */
  onResponseEnd(grpcStatus: number, nowMs: number): void;
  /** There is no response, and no other attempt. */
  fail(failed: Failure): void;
}
