import type { CircuitBreaker } from '@evenly/balancing';
import { ErrorCode, type HeaderBlock, type StreamReset } from '@evenly/http2';
import { grpcCodes, type GrpcCode } from '@evenly/mesh-config';
import { failure, type Failure } from '../failure.ts';
import type { RequestPlan } from '../routing/request-plan.ts';
import type { ReadyDestination, ReadyRoute } from '../routing/route-table.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { AttemptedCall } from './attempts/attempted-call.ts';
import { Attempts } from './attempts/attempts.ts';
import type { CallContext } from './call-context.ts';
import { callEnd, type CallObserver } from './call-observer.ts';
import type { ClientSide, ClientStream, ClientStreamOwner } from './client-side.ts';
import { startMirrors, type CallMirrors } from './mirrors/call-mirrors.ts';
import { isDeadlineOfCaller, isDeadlineOfEndpoint } from './deadline.ts';
import * as failures from './failures.ts';
import { drawFault } from './fault.ts';
import type { RequestSide } from './request/request-side.ts';
import { withDate } from './response/admitted-response.ts';
import { grpcTrailers, respondLocally } from './response/local-response.ts';
import type { ResponseFacts } from './response/response-facts.ts';
import { attemptStrategy, timeoutOf } from './route-policy.ts';
import type { Timer } from './timer-wheel.ts';

type Phase =
  /** The response has not begun. */
  | 'requested'
  /** It is under way to the client. */
  | 'responding'
  | 'ended';

/**
 * One call, from a client's request to the end of its response: its deadline, and its client's side. How it gets to endpoints is
 * the matter of its `Attempts`. The methods stand in the order of its life. Fields are `private` by TypeScript only: this is where
 * the time of a call goes, and `#` costs.
 */
export class Call implements AttemptedCall, ClientStreamOwner {
  readonly context: CallContext;
  readonly plan: RequestPlan<Cluster>;
  readonly route: ReadyRoute<Cluster>;
  readonly destination: ReadyDestination<Cluster>;
  readonly cluster: Cluster;
  readonly block: HeaderBlock;
  readonly breaker: CircuitBreaker;
  readonly request: RequestSide;
  readonly observer: CallObserver | undefined;
  readonly pinnedTo: string | undefined;
  deadlineMs = Infinity;
  httpStatus = 0;
  private readonly startedAtMs: number;
  private readonly client: ClientSide;
  private readonly stream: ClientStream;
  private readonly attempts: Attempts;
  private phase: Phase = 'requested';
  /** It counts among the breaker's requests. */
  private hasPlace = false;
  /** How long it may have waited before it was read. */
  private lateMs = 0;
  private deadlineTimer: Timer | undefined = undefined;
  /** To the end of a delay that the route has on purpose. */
  private faultTimer: Timer | undefined = undefined;
  /** Copies of it, if there are any. */
  private mirrors: CallMirrors | undefined = undefined;
  /** Why the call came to nothing, if it did. */
  private failed: Failure | undefined = undefined;

  /**
   * @param route the one that the plan has
   * @param destination the one that the route has chosen
   * @param pinnedTo the key of the destination's endpoint that has its session
   */
  constructor(
    context: CallContext,
    plan: RequestPlan<Cluster>,
    route: ReadyRoute<Cluster>,
    destination: ReadyDestination<Cluster>,
    request: RequestSide,
    observer: CallObserver | undefined,
    pinnedTo: string | undefined,
  ) {
    this.context = context;
    this.plan = plan;
    this.route = route;
    this.destination = destination;
    this.cluster = destination.target;
    const { requestChanges } = destination;
    this.block = requestChanges === undefined ? plan.block : requestChanges.apply(plan.block);
    this.breaker = this.cluster.breaker;
    this.request = request;
    this.observer = observer;
    this.pinnedTo = pinnedTo;
    this.startedAtMs = context.now();
    this.client = request.client;
    this.stream = request.stream;
    this.attempts = new Attempts(this, attemptStrategy(route, this.cluster, plan.isGrpc));
  }

  // 1. The request comes in.

  start(): void {
    this.route.stats.active++;
    // Counts against the client's streams until the work has ended, whoever reset what (CVE-2023-44487, CVE-2025-8671).
    this.client.hold(this.stream);
    this.hasPlace = this.breaker.tryStart('request');
    if (!this.hasPlace) return this.fail(failures.tooManyCalls(this.cluster));
    this.startDeadline();
    if (this.route.mirrors !== undefined) this.mirrors = startMirrors(this, this.route.mirrors);
    if (this.route.route.fault !== undefined && this.injectFault()) return;
    this.attempts.start(this.startedAtMs);
  }

  onRequestData(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (this.phase === 'ended') return;
    if (this.mirrors !== undefined) this.mirrors.onRequestData(bytes, start, end, endStream);
    if (this.observer !== undefined) this.observer.requestData(end - start);
    this.attempts.onRequestData(bytes, start, end, endStream);
  }

  onRequestTrailers(block: HeaderBlock): void {
    if (this.phase === 'ended') return;
    if (this.mirrors !== undefined) this.mirrors.onRequestTrailers(block);
    this.attempts.onRequestTrailers(block);
  }

  /** The client has given up, or its connection is gone, or no more may be kept for it. */
  onClientReset(reset?: StreamReset): void {
    if (this.phase === 'ended') return;
    this.failed = this.failureOfClient(reset);
    this.attempts.cancel(this.failed);
    this.ended(this.failed.code, true);
  }

  private failureOfClient(reset: StreamReset | undefined): Failure {
    if (reset?.cause === 'limit') return failures.clientOverLimit(reset.reason);
    const nowMs = this.context.now();
    const lateMs = Math.max(this.lateMs, this.context.wheel.lateMs(nowMs));
    const isLate = isDeadlineOfCaller(nowMs, this.startedAtMs, this.plan.timeoutMs, lateMs);
    return isLate ? failures.deadlineExceeded(this.cluster) : failures.clientCancelled();
  }

  private startDeadline(): void {
    const timeoutMs = timeoutOf(this.route, this.cluster, this.plan.timeoutMs);
    if (timeoutMs === Infinity) return;
    this.deadlineMs = this.startedAtMs + timeoutMs;
    this.lateMs = this.context.wheel.lateMs(this.startedAtMs);
    this.deadlineTimer = this.context.wheel.start(timeoutMs, () => this.onDeadline());
  }

  onDeadline(): void {
    const failed = failures.deadlineExceeded(this.cluster);
    this.attempts.cancel(failed);
    this.fail(failed);
  }

  isLate(): boolean {
    return isDeadlineOfEndpoint(this.context.now(), this.deadlineMs);
  }

  /** @returns whether the call has ended, or goes on later, by it */
  private injectFault(): boolean {
    const { delayMs, abort } = drawFault(this.route.route.fault!, this.context.random);
    const goOn = () => {
      if (abort === undefined) this.attempts.start();
      else this.fail(failure(abort, 'fault on purpose, by the route', 'fault'));
    };
    if (delayMs > 0) this.faultTimer = this.context.wheel.start(delayMs, goOn);
    else if (abort !== undefined) goOn();
    return delayMs > 0 || abort !== undefined;
  }

  // 2. The response goes to the client.

  get isResponding(): boolean {
    return this.phase === 'responding';
  }

  onInformational(block: HeaderBlock): void {
    this.client.sendHeaders(this.stream, block, false);
  }

  onResponseHeaders(
    { block: received, httpStatus }: ResponseFacts,
    endStream: boolean,
    endpoint: string,
  ): void {
    const { responseChanges } = this.destination;
    const changed = responseChanges === undefined ? received : responseChanges.apply(received);
    const { sessions } = this.route;
    const block =
      sessions === undefined || endpoint === this.pinnedTo
        ? changed
        : sessions.begin(changed, endpoint, this.destination.name, this.isClientSecure);
    this.phase = 'responding';
    this.request.stopSaving();
    this.client.sendHeaders(this.stream, this.plan.isGrpc ? block : withDate(block), endStream);
    this.httpStatus = httpStatus;
  }

  private get isClientSecure(): boolean {
    return this.plan.block.get('x-forwarded-proto') === 'https';
  }

  onResponseData(bytes: Buffer, start: number, end: number, endStream: boolean): number {
    if (this.observer !== undefined) this.observer.responseData(end - start);
    return this.client.sendData(this.stream, bytes, start, end, endStream);
  }

  onResponseTrailers({ block }: ResponseFacts): void {
    this.client.sendHeaders(this.stream, block, true);
  }

  /** Queued bytes of the response have left. */
  onResponseSent(bytes: number): void {
    this.attempts.onResponseSent(bytes);
  }

  onResponseEnd(grpcStatus: number, nowMs: number): void {
    // Not CANCEL, which would have the client drop the response.
    if (!this.request.ended) this.client.reset(this.stream, ErrorCode.NO_ERROR);
    this.ended(grpcStatus, false, nowMs);
  }

  /** Ends the call with a response of the proxy's own, as good as can still be given. */
  fail(failed: Failure): void {
    const { client, stream, plan } = this;
    this.failed = failed;
    if (this.phase !== 'responding')
      this.httpStatus = respondLocally(client, stream, plan, this.request.ended, failed);
    else if (!plan.isGrpc) client.reset(stream, failed.resetCode);
    else {
      client.sendHeaders(stream, grpcTrailers(failed.code, failed.message), true);
      if (!this.request.ended) client.reset(stream, ErrorCode.NO_ERROR);
    }
    this.ended(failed.code);
  }

  // 3. The end.

  /** @param code by name, or the number of the endpoint's response, -1 without one */
  private ended(code: GrpcCode | number, wasCancelled = false, nowMs = this.context.now()): void {
    if (this.phase === 'ended') return;
    this.phase = 'ended';
    if (this.deadlineTimer !== undefined) this.deadlineTimer.stop();
    if (this.faultTimer !== undefined) this.faultTimer.stop();
    this.attempts.close();
    // A copy would wait for the rest of the request, or do what nobody wants done any more.
    if (this.mirrors !== undefined && (wasCancelled || !this.request.ended)) this.mirrors.cancel();
    this.request.stopSaving();
    if (this.hasPlace) this.breaker.end('request');
    this.count(typeof code === 'number' ? code : grpcCodes.indexOf(code), nowMs - this.startedAtMs);
    this.releaseClient(wasCancelled);
  }

  private count(grpcStatus: number, durationMs: number): void {
    const { plan, route, httpStatus, observer, failed } = this;
    if (plan.isGrpc) route.stats.grpcEnded(grpcStatus, durationMs);
    else route.stats.httpEnded(httpStatus, durationMs);
    if (observer === undefined) return;
    const end = callEnd(grpcStatus, httpStatus, failed);
    observer.ended({ ...end, service: this.cluster.name, requestId: this.request.id, durationMs });
  }

  /** The endpoint hears of a cancellation later, and may need a while to stop: until then the place is taken. */
  private releaseClient(wasCancelled: boolean): void {
    const { context, client, stream } = this;
    const { cancelHoldMs } = context;
    // Not for 0: even the next turn of the wheel is late for a client that cancels hundreds of calls at once.
    if (wasCancelled && cancelHoldMs > 0 && this.attempts.hasBegun)
      context.wheel.start(cancelHoldMs, () => client.release(stream));
    else client.release(stream);
  }
}
