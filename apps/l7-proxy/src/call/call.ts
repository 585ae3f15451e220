import type { CallOutcome, CircuitBreaker, Host } from '@evenly/balancing';
import { ErrorCode, type HeaderBlock, type HeaderKind, type StreamReset } from '@evenly/http2';
import { grpcCodes, type GrpcCode } from '@evenly/mesh-config';
import { blockFor, type RequestPlan } from '../routing/request-plan.ts';
import type { ReadyRoute } from '../routing/route-table.ts';
import { Attempt, type AttemptOwner } from '../upstream/attempt.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { EndpointPool } from '../upstream/endpoint-pool.ts';
import type { WaitingCall } from '../upstream/waiting-calls.ts';
import { admitResponse, withDate } from './response/admitted-response.ts';
import { responseFacts, type ResponseFacts } from './response/response-facts.ts';
import { outcomeOfResponse } from './response/response-outcome.ts';
import type { CallContext } from './call-context.ts';
import { callEnd, type CallObserver } from './call-observer.ts';
import type { ClientSide, ClientStream, ClientStreamOwner } from './client-side.ts';
import { isDeadlineOfCaller, isDeadlineOfEndpoint } from './deadline.ts';
import { failure, type Failure } from '../failure.ts';
import { drawFault } from './fault.ts';
import { respondLocally, grpcTrailers } from './response/local-response.ts';
import * as failures from './failures.ts';
import { newRequestId, requestFields } from './request/request-fields.ts';
import { RequestSide } from './request/request-side.ts';
import { Retries } from './attempts/retries.ts';
import { retryPolicy, stickyHash, timeoutOf } from './route-policy.ts';
import type { Timer } from './timer-wheel.ts';

type Phase =
  /** No endpoint has it: it waits for a connection, or for its next attempt. */
  | 'waiting'
  /** An endpoint has it; its response has not begun. */
  | 'sent'
  /** The response is under way to the client: there is no other attempt from here on. */
  | 'responding'
  | 'ended';

const notTried: readonly Host<EndpointPool>[] = [];
const cancelled = grpcCodes.indexOf('CANCELLED');
const deadlineExceeded = grpcCodes.indexOf('DEADLINE_EXCEEDED');

/**
 * One call, from a client's request to the end of its response, over as many attempts as it takes. The methods stand in the
 * order of its life. Fields are `private` by TypeScript only: this is where the time of a call goes, and `#` costs.
 */
export class Call implements AttemptOwner, ClientStreamOwner, WaitingCall {
  readonly startedAtMs: number;
  readonly route: ReadyRoute<Cluster>;
  protected readonly context: CallContext;
  private readonly client: ClientSide;
  private readonly stream: ClientStream;
  protected readonly plan: RequestPlan<Cluster>;
  protected readonly cluster: Cluster;
  /** The cluster's at the start: a reload may give it another. */
  protected readonly breaker: CircuitBreaker;
  /** It counts among the breaker's requests. */
  private hasPlace = false;
  protected phase: Phase = 'waiting';
  protected attempt: Attempt | undefined = undefined;
  protected readonly request: RequestSide;
  protected retries: Retries | undefined = undefined;
  /** The one that it was given here; the same for all attempts. */
  private requestId: string | undefined = undefined;
  private deadlineMs = Infinity;
  /** How long it may have waited before it was read. */
  private lateMs = 0;
  private deadlineTimer: Timer | undefined = undefined;
  /** Of one attempt, of the wait before the next, or of the wait for a connection. */
  protected phaseTimer: Timer | undefined = undefined;

  /** Of the response; 0 before it has begun. */
  private httpStatus = 0;
  /** Why the call came to nothing, if it did. */
  private failed: Failure | undefined = undefined;
  protected readonly observer: CallObserver | undefined;

  constructor(
    context: CallContext,
    client: ClientSide,
    stream: ClientStream,
    plan: RequestPlan<Cluster>,
    route: ReadyRoute<Cluster>,
    cluster: Cluster,
    requestEnded: boolean,
    observer: CallObserver | undefined,
  ) {
    this.context = context;
    this.client = client;
    this.stream = stream;
    this.plan = plan;
    this.route = route;
    this.cluster = cluster;
    this.breaker = cluster.breaker;
    this.request = new RequestSide(client, stream, context.replay, requestEnded);
    this.startedAtMs = context.now();
    this.observer = observer;
  }

  // 1. The request comes in.

  start(): void {
    this.route.stats.active++;
    // Counts against the client's streams until the work has ended, whoever reset what (CVE-2023-44487, CVE-2025-8671).
    this.client.hold(this.stream);
    this.hasPlace = this.breaker.tryStart('request');
    if (!this.hasPlace) return this.fail(failures.tooManyCalls(this.cluster));
    this.startDeadline();
    if (this.route.route.fault !== undefined && this.injectFault()) return;
    this.tryOrWait(this.startedAtMs);
  }

  onRequestData(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (this.phase === 'ended') return;
    if (this.observer !== undefined) this.observer.requestData(end - start);
    const attempt = this.phase === 'waiting' ? undefined : this.attempt;
    this.request.onData(bytes, start, end, endStream, attempt !== undefined);
    if (attempt !== undefined) this.request.sendContent(attempt, bytes, start, end, endStream);
  }

  onRequestTrailers(block: HeaderBlock): void {
    if (this.phase === 'ended') return;
    this.request.onTrailers(block);
    if (this.phase !== 'waiting') this.attempt!.connection.sendHeaders(this.attempt!.stream, block, true);
  }

  /** The client has given up, or its connection is gone, or no more may be kept for it. */
  onClientReset(reset?: StreamReset): void {
    if (this.phase === 'ended') return;
    if (reset?.cause === 'limit') {
      this.failed = failures.clientOverLimit(reset.reason);
      this.cancelAttempts('cancelled', this.failed);
      return this.ended(this.failed.code, true);
    }
    const nowMs = this.context.now();
    const lateMs = Math.max(this.lateMs, this.context.wheel.lateMs(nowMs));
    const isLate = isDeadlineOfCaller(nowMs, this.startedAtMs, this.plan.timeoutMs, lateMs);
    this.failed = isLate ? failures.deadlineExceeded(this.cluster) : failures.clientCancelled();
    this.cancelAttempts(isLate ? this.outcomeOfDeadline : 'cancelled', this.failed);
    this.ended(this.failed.code, true);
  }

  private startDeadline(): void {
    const timeoutMs = timeoutOf(this.route, this.cluster, this.plan.timeoutMs);
    if (timeoutMs === Infinity) return;
    this.deadlineMs = this.startedAtMs + timeoutMs;
    this.lateMs = this.context.wheel.lateMs(this.startedAtMs);
    this.deadlineTimer = this.context.wheel.start(timeoutMs, () => this.onDeadline());
  }

  private onDeadline(): void {
    const failed = failures.deadlineExceeded(this.cluster);
    this.cancelAttempts(this.outcomeOfDeadline, failed);
    this.fail(failed);
  }

  /** An endpoint that was not done says nothing by it: streams with a deadline often end that way. */
  private get outcomeOfDeadline(): CallOutcome {
    if (this.phase === 'responding') return 'cancelled';
    return this.cluster.outcomes.ofGrpc(deadlineExceeded) === 'failure' ? 'failure' : 'cancelled';
  }

  /** @returns whether the call has ended, or goes on later, by it */
  private injectFault(): boolean {
    const { delayMs, abort } = drawFault(this.route.route.fault!, this.context.random);
    const goOn = () => {
      if (abort === undefined) this.tryOrWait();
      else this.fail(failure(abort, 'fault on purpose, by the route', 'fault'));
    };
    if (delayMs > 0) this.phaseTimer = this.context.wheel.start(delayMs, goOn);
    else if (abort !== undefined) goOn();
    return delayMs > 0 || abort !== undefined;
  }

  // 2. It goes to an endpoint.

  protected tryOrWait(nowMs?: number): void {
    this.phase = 'waiting';
    if (!this.proceed(nowMs)) this.waitForConnection();
  }

  /** Sends the call to an endpoint, if there is time left. @returns false when none takes it now */
  proceed(nowMs = this.context.now()): boolean {
    if (nowMs >= this.deadlineMs) {
      this.onDeadline();
      return true;
    }
    const host = this.chooseHost(nowMs);
    return host !== undefined && this.send(host, nowMs);
  }

  protected chooseHost(nowMs: number): Host<EndpointPool> | undefined {
    const { cluster, route, plan, avoided } = this;
    return cluster.choose(nowMs, stickyHash(route, cluster, plan.block), avoided);
  }

  /** @returns false when the host does not take it now */
  protected send(host: Host<EndpointPool>, nowMs: number): boolean {
    const connection = host.target?.connection;
    if (connection === undefined) return false;
    const block = blockFor(this.plan, this.cluster.scheme);
    const stream = connection.open(block, !this.request.hasMore, this.extraFields(nowMs, host));
    if (stream === undefined) return false;
    const attempt = new Attempt(this, host, connection, stream, nowMs);
    stream.user = attempt;
    this.attempt = attempt;
    this.phase = 'sent';
    this.cluster.attemptStarted(host);
    if (this.observer !== undefined) this.observer.attemptStarted(attempt);
    if (this.phaseTimer !== undefined) this.stopPhaseTimer();
    this.onSent(attempt);
    this.request.sendTo(attempt);
    // Sending can end the connection, and this call may have gone on elsewhere by now.
    if (!attempt.ended && !stream.closed) this.limitTry();
    return true;
  }

  /** An attempt is under way; nothing but its header block has been sent. */
  protected onSent(_attempt: Attempt): void {}

  /** Starts what a try may take, if that is limited. */
  protected limitTry(): void {
    const perTryMs = retryPolicy(this.route, this.cluster)?.perTryTimeoutMs;
    if (perTryMs !== undefined)
      this.phaseTimer = this.context.wheel.start(perTryMs, () => this.onPerTryTimeout());
  }

  private waitForConnection(): void {
    const { cluster, context } = this;
    if (!cluster.mayHaveEndpoints) return this.fail(failures.noEndpoints(cluster));
    if (!cluster.await(this, this.breaker)) return this.fail(failures.tooManyWait(cluster));
    this.stopPhaseTimer();
    this.phaseTimer = context.wheel.start(context.connectWaitMs, () =>
      this.fail(failures.noConnection(cluster)),
    );
  }

  private extraFields(nowMs: number, host: Host<EndpointPool>) {
    if (this.context.requestIds && this.plan.needsRequestId) this.requestId ??= newRequestId();
    const fields = requestFields(this.plan, this.requestId, this.deadlineMs - nowMs, this.earlierAttempts);
    return this.observer === undefined
      ? fields
      : [...(fields ?? []), ...this.observer.attemptFields(host.target!.endpoint)];
  }

  /** Hosts that shall not get it, if there are others. */
  protected get avoided(): readonly Host<EndpointPool>[] {
    return this.retries === undefined ? notTried : this.retries.tried;
  }

  /** Attempts before this one that an endpoint may know of. */
  protected get earlierAttempts(): number {
    return this.retries === undefined ? 0 : this.retries.attempts - 1;
  }

  onRequestSent(attempt: Attempt, bytes: number): void {
    this.request.onSent(attempt, bytes);
  }

  // 3. The response goes to the client.

  onResponseHeaders(attempt: Attempt, block: HeaderBlock, kind: HeaderKind, endStream: boolean): void {
    if (attempt.ended) return;
    if (kind === 'informational')
      return this.client.sendHeaders(this.stream, admitResponse(block, kind), false);
    const facts = responseFacts(block, kind === 'response' ? kind : 'trailers');
    if (endStream && facts.grpcStatus === cancelled && this.isLate())
      return this.onEndpointsDeadline(attempt);
    if (kind === 'response') {
      if (endStream && this.isTriedAgain(attempt, facts)) return;
      this.beginResponse(attempt);
    }
    const isDated = this.plan.isGrpc || kind !== 'response';
    this.client.sendHeaders(this.stream, isDated ? facts.block : withDate(facts.block), endStream);
    if (kind === 'response') this.httpStatus = facts.httpStatus;
    if (endStream) this.answered(facts.grpcStatus, kind === 'trailers');
  }

  onResponseData(attempt: Attempt, bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (attempt.ended) return;
    if (this.observer !== undefined) this.observer.responseData(end - start);
    const sent = this.client.sendData(this.stream, bytes, start, end, endStream);
    if (sent > 0) attempt.connection.consume(attempt.stream, sent);
    if (endStream) this.answered(-1, true);
  }

  /** Queued bytes of the response have left for the client: the endpoint may send as many again. */
  onResponseSent(bytes: number): void {
    const attempt = this.attempt;
    if (attempt !== undefined) attempt.connection.consume(attempt.stream, bytes);
  }

  /** From here on it is this attempt's answer. */
  protected beginResponse(_attempt: Attempt): void {
    this.phase = 'responding';
    this.request.stopSaving();
    if (this.phaseTimer !== undefined) this.stopPhaseTimer();
  }

  /**
   * The response is complete, as far as the endpoint is concerned.
   * @param hasBegun there was more of it than a status
   */
  private answered(grpcStatus: number, hasBegun: boolean): void {
    const { connection, stream } = this.attempt!;
    const isLate = hasBegun && grpcStatus === deadlineExceeded && this.isLate();
    const outcome = isLate ? 'cancelled' : this.outcomeOf(grpcStatus, this.httpStatus);
    const nowMs = this.endAttempt(this.attempt!, outcome, grpcStatus);
    // An early response: the rest of the request is not wanted (RFC 9113 §8.1), be it on its way or queued here. Not CANCEL
    // to the client, which would drop the response.
    if (!this.request.ended || stream.queuedBytes > 0) connection.reset(stream, ErrorCode.CANCEL);
    if (!this.request.ended) this.client.reset(this.stream, ErrorCode.NO_ERROR);
    this.ended(grpcStatus, false, nowMs);
  }

  // 4. Something goes wrong.

  /** An endpoint has found the deadline over before we did. */
  private onEndpointsDeadline(attempt: Attempt): void {
    const failed = failures.deadlineExceeded(this.cluster);
    this.endAttempt(attempt, this.outcomeOfDeadline, grpcCodes.indexOf(failed.code), failed);
    if (!this.request.ended) attempt.connection.reset(attempt.stream, ErrorCode.CANCEL);
    this.onDeadline();
  }

  private isLate(): boolean {
    return isDeadlineOfEndpoint(this.context.now(), this.deadlineMs);
  }

  onUpstreamReset(attempt: Attempt, reset: StreamReset): void {
    if (attempt.ended) return;
    const failed = failures.ofReset(reset, attempt.host.key);
    if (failed.code === 'CANCELLED' && this.isLate()) return this.onEndpointsDeadline(attempt);
    // An endpoint that goes away in order is no outlier.
    const outcome = reset.cause === 'goaway' ? 'cancelled' : 'failure';
    this.endAttempt(attempt, outcome, grpcCodes.indexOf(failed.code), failed);
    this.retryOrFail(failed, attempt.host);
  }

  private onPerTryTimeout(): void {
    const { host } = this.attempt!;
    const failed = failures.attemptTimeout(host.key);
    this.cancelAttempts(this.outcomeOfDeadline, failed);
    this.retryOrFail(failed, host);
  }

  /** What is to be done about an attempt that has come to nothing. */
  protected retryOrFail(failed: Failure, host: Host<EndpointPool>): void {
    if (this.phase !== 'sent' || !this.request.canReplay) return this.fail(failed);
    if (failed.unprocessed && (this.retries ??= new Retries(this.breaker)).again(host)) {
      this.route.stats.transparentRetries++;
      return this.tryOrWait();
    }
    const code = failed.why === 'attempt-timeout' ? undefined : grpcCodes.indexOf(failed.code);
    if (!this.retryLater(code, undefined, host)) this.fail(failed);
  }

  /** A response that is a status and nothing else can be asked for again, if the route says that this one is safe. */
  private isTriedAgain(attempt: Attempt, { grpcStatus, pushbackMs }: ResponseFacts): boolean {
    if (grpcStatus <= 0 || !this.request.canReplay || this.phase !== 'sent') return false;
    if (grpcStatus === deadlineExceeded && this.isLate()) return false;
    if (!this.goesOnAfter(attempt, grpcStatus, pushbackMs)) return false;
    this.endAttempt(attempt, this.outcomeOf(grpcStatus, 200), grpcStatus);
    if (!this.request.ended) attempt.connection.reset(attempt.stream, ErrorCode.CANCEL);
    return true;
  }

  /** Whether the call goes on though an attempt was answered with this status. */
  protected goesOnAfter(attempt: Attempt, grpcStatus: number, pushbackMs: number | undefined): boolean {
    return this.retryLater(grpcStatus, pushbackMs, attempt.host);
  }

  /** @param grpcCode undefined: the time of one attempt was over */
  private retryLater(
    grpcCode: number | undefined,
    pushbackMs: number | undefined,
    host: Host<EndpointPool>,
  ): boolean {
    const policy = retryPolicy(this.route, this.cluster);
    if (policy === undefined || !this.plan.isGrpc) return false;
    this.retries ??= new Retries(this.breaker);
    const waitMs = this.retries.next(policy, host, grpcCode, pushbackMs, this.context.random);
    if (waitMs === undefined) return false;
    this.route.stats.retries++;
    this.phase = 'waiting';
    this.stopPhaseTimer();
    this.phaseTimer = this.context.wheel.start(waitMs, () => this.tryOrWait());
    return true;
  }

  /** Ends the call with a response of the proxy's own, as good as can still be given. */
  protected fail(failed: Failure): void {
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

  // 5. The end.

  protected cancelAttempts(outcome: CallOutcome, failed: Failure): void {
    if (this.attempt !== undefined && !this.attempt.ended) this.cancel(this.attempt, outcome, failed);
  }

  protected cancel(attempt: Attempt, outcome: CallOutcome, failed: Failure): void {
    attempt.connection.reset(attempt.stream, ErrorCode.CANCEL);
    this.endAttempt(attempt, outcome, grpcCodes.indexOf(failed.code), failed);
  }

  /** @returns the time, for whoever needs it next */
  protected endAttempt(attempt: Attempt, outcome: CallOutcome, grpcStatus: number, failed?: Failure): number {
    const nowMs = this.context.now();
    // Sending to the client can end it, and so the call, in the middle of what an endpoint's frame does.
    if (attempt.ended) return nowMs;
    attempt.ended = true;
    this.cluster.attemptEnded(attempt.host, nowMs, nowMs - attempt.startedAtMs, outcome);
    if (this.observer !== undefined) {
      this.observer.attemptEnded(attempt, callEnd(grpcStatus, this.httpStatus, failed));
    }
    return nowMs;
  }

  private outcomeOf(grpcStatus: number, httpStatus: number): CallOutcome {
    return outcomeOfResponse(this.cluster.outcomes, this.plan.isGrpc, grpcStatus, httpStatus);
  }

  protected stopPhaseTimer(): void {
    this.phaseTimer?.stop();
    this.phaseTimer = undefined;
  }

  /** @param code by name, or the number of the endpoint's response, -1 without one */
  protected ended(code: GrpcCode | number, wasCancelled = false, nowMs = this.context.now()): void {
    const { context, client, stream, plan, route, phase } = this;
    if (phase === 'ended') return;
    this.phase = 'ended';
    if (phase === 'waiting') this.cluster.waiting.remove(this);
    if (this.deadlineTimer !== undefined) this.deadlineTimer.stop();
    if (this.phaseTimer !== undefined) this.stopPhaseTimer();
    this.request.stopSaving();
    if (this.retries !== undefined) this.retries.ended();
    if (this.hasPlace) this.breaker.end('request');
    const latencyMs = nowMs - this.startedAtMs;
    const grpcStatus = typeof code === 'number' ? code : grpcCodes.indexOf(code);
    if (!plan.isGrpc) route.stats.httpEnded(this.httpStatus, latencyMs);
    else route.stats.grpcEnded(grpcStatus, latencyMs);
    if (this.observer !== undefined) {
      const { httpStatus, failed, requestId } = this;
      const service = this.cluster.name;
      const end = callEnd(grpcStatus, httpStatus, failed);
      this.observer.ended({ ...end, service, requestId, durationMs: latencyMs });
    }
    // The endpoint hears of a cancellation later, and may need a while to stop: until then the place is taken.
    if (wasCancelled && this.attempt !== undefined) {
      context.wheel.start(context.cancelHoldMs, () => client.release(stream));
    } else {
      client.release(stream);
    }
  }
}
