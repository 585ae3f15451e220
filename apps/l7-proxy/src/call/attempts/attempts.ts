import type { CallOutcome, Host } from '@evenly/balancing';
import type { HeaderBlock, HeaderKind, StreamReset } from '@evenly/http2';
import { grpcCodes } from '@evenly/mesh-config';
import { failure, type Failure } from '../../failure.ts';
import type { Attempt, AttemptOwner } from '../../upstream/attempt.ts';
import type { EndpointPool } from '../../upstream/endpoint-pool.ts';
import type { WaitingCall } from '../../upstream/waiting-calls.ts';
import { callEnd } from '../call-observer.ts';
import * as failures from '../failures.ts';
import { admitResponse } from '../response/admitted-response.ts';
import { responseFacts, type ResponseFacts } from '../response/response-facts.ts';
import { outcomeOfCancelling, outcomeOfResponse } from '../response/response-outcome.ts';
import { stickyHash } from '../route-policy.ts';
import type { Timer } from '../timer-wheel.ts';
import type { AttemptStrategy } from './attempt-strategy.ts';
import type { AttemptedCall } from './attempted-call.ts';
import { openAttempt } from './open-attempt.ts';

/** Of what provably was not processed, or never sent (gRFC A6): no load on the endpoint that refused, so no budget counts it. */
const maxTransparentRetries = 5;
const noHosts: readonly Host<EndpointPool>[] = [];
const cancelled = grpcCodes.indexOf('CANCELLED');
const deadlineExceeded = grpcCodes.indexOf('DEADLINE_EXCEEDED');
const notNeeded = failure('CANCELLED', 'another attempt was answered', 'hedge-not-needed');

/**
 * The endpoints' side of a call: its attempts, mostly one, and what the strategy has follow when one comes to nothing. Fields are
 * `private` by TypeScript only, as those of `Call`.
 */
export class Attempts implements AttemptOwner, WaitingCall {
  private readonly call: AttemptedCall;
  private readonly strategy: AttemptStrategy;
  /** The latest one under way, or the one whose response goes to the client. It stays here when it has ended. */
  private attempt: Attempt | undefined = undefined;
  /** The others under way, of a hedged call. */
  private others: Attempt[] | undefined = undefined;
  /** Attempts, without those that an endpoint has not processed. */
  private sent = 0;
  private transparentRetries = 0;
  /** Hosts to avoid, if there are others. */
  private failedHosts: readonly Host<EndpointPool>[] = noHosts;
  /** A place in the retry budget is taken for the attempt that comes next. */
  private hasPlace = false;
  /** A server has said that there shall be no other attempt. */
  private isStopped = false;
  /** Runs while the call waits for a connection, to the end of its patience. */
  private waitTimer: Timer | undefined = undefined;
  /** To the start of the next attempt. */
  private nextTimer: Timer | undefined = undefined;
  /** To the end of what one attempt may take. */
  private attemptTimer: Timer | undefined = undefined;

  constructor(call: AttemptedCall, strategy: AttemptStrategy) {
    this.call = call;
    this.strategy = strategy;
  }

  // 1. An attempt begins.

  /** Sends the call to an endpoint, now or as soon as one takes it. */
  start(nowMs?: number): void {
    if (!this.tryToSend(nowMs)) this.waitForConnection();
  }

  /** From the queue. A call that waits for the endpoint of its session holds up nobody else. */
  proceed(): boolean {
    return this.tryToSend() || this.pinnedTo !== undefined;
  }

  /** Sends the call to an endpoint, if there is time left. @returns false when none takes it now */
  private tryToSend(nowMs = this.call.context.now()): boolean {
    if (nowMs >= this.call.deadlineMs) {
      this.call.onDeadline();
      return true;
    }
    const host = this.chooseHost(nowMs, this.failedHosts);
    return host !== undefined && this.send(host, nowMs);
  }

  private chooseHost(nowMs: number, avoided: readonly Host<EndpointPool>[]): Host<EndpointPool> | undefined {
    const { cluster, route, plan } = this.call;
    const { pinnedTo } = this;
    if (pinnedTo !== undefined && avoided.length === 0) return cluster.hostWithRoom(pinnedTo);
    return cluster.choose(nowMs, stickyHash(route, cluster, plan.block), avoided);
  }

  /**
   * The endpoint of the call's session, if the call goes there: not when it has failed there, as in Envoy, nor when others
   * have to take the session over.
   */
  private get pinnedTo(): string | undefined {
    const { cluster, pinnedTo } = this.call;
    const isKept = pinnedTo !== undefined && this.failedHosts.length === 0 && cluster.keepsSessions(pinnedTo);
    return isKept ? pinnedTo : undefined;
  }

  /** @returns false when the host does not take it now */
  private send(host: Host<EndpointPool>, nowMs: number): boolean {
    const { cluster, request, observer } = this.call;
    const attempt = openAttempt(this.call, this, host, nowMs, this.sent);
    if (attempt === undefined) return false;
    this.takeIn(attempt);
    cluster.attemptStarted(host);
    if (observer !== undefined) observer.attemptStarted(attempt);
    request.sendTo(attempt);
    // Sending can end the connection, and this call may have gone on elsewhere by now.
    if (!attempt.ended && !attempt.stream.closed) this.limit(attempt);
    return true;
  }

  private takeIn(attempt: Attempt): void {
    if (this.isLive) (this.others ??= []).push(this.attempt!);
    this.attempt = attempt;
    this.sent++;
    attempt.hasRetryPlace = this.hasPlace;
    this.hasPlace = false;
    if (this.waitTimer !== undefined) this.stopWaiting();
    if (this.nextTimer !== undefined) this.stopNextTimer();
  }

  /** Starts what an attempt may take, or how long it stays alone, if that is limited. */
  private limit(attempt: Attempt): void {
    const { attemptTimeoutMs, hedgingDelayMs } = this.strategy;
    if (attemptTimeoutMs !== undefined) {
      const onTimeout = () => this.onAttemptTimeout(attempt);
      this.attemptTimer = this.call.context.wheel.start(attemptTimeoutMs, onTimeout);
    }
    if (hedgingDelayMs === 0) this.hedge();
    else if (hedgingDelayMs !== undefined) this.startNextIn(hedgingDelayMs);
  }

  private waitForConnection(): void {
    const { call } = this;
    const { cluster, context, breaker } = call;
    if (!cluster.mayHaveEndpoints) return call.fail(failures.noEndpoints(cluster));
    if (!cluster.await(this, breaker)) return call.fail(failures.tooManyWait(cluster));
    const giveUp = () => call.fail(failures.noConnection(cluster));
    this.waitTimer = context.wheel.start(context.connectWaitMs, giveUp);
  }

  private stopWaiting(): void {
    this.waitTimer!.stop();
    this.waitTimer = undefined;
    this.call.cluster.waiting.remove(this);
  }

  // 2. The request goes to it.

  onRequestData(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    const { isLive } = this;
    const { request } = this.call;
    request.onData(bytes, start, end, endStream, isLive);
    if (!isLive) return;
    if (this.others !== undefined) return this.sendToAll(bytes, start, end, endStream);
    request.sendContent(this.attempt!, bytes, start, end, endStream);
  }

  private sendToAll(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    const { request } = this.call;
    // It cannot be sent anew any more: who has most of it goes on alone.
    if (!request.canReplay) {
      this.commit(this.live.reduce((most, one) => (one.sentBytes > most.sentBytes ? one : most)));
    }
    for (const one of this.live) if (!one.ended) request.sendContent(one, bytes, start, end, endStream);
  }

  onRequestTrailers(block: HeaderBlock): void {
    this.call.request.onTrailers(block);
    for (const one of this.live) if (!one.ended) one.connection.sendHeaders(one.stream, block, true);
  }

  onRequestSent(attempt: Attempt, bytes: number): void {
    this.call.request.onSent(attempt, bytes);
  }

  // 3. The response comes.

  onResponseHeaders(attempt: Attempt, block: HeaderBlock, kind: HeaderKind, endStream: boolean): void {
    if (attempt.ended) return;
    const { call } = this;
    if (kind === 'informational') {
      // Of several attempts, nobody could tell which it is about.
      if (this.strategy.hedgingDelayMs === undefined) call.onInformational(admitResponse(block, kind));
      return;
    }
    const facts = responseFacts(block, kind === 'response' ? kind : 'trailers');
    if (endStream && facts.grpcStatus === cancelled && call.isLate()) return call.onDeadline();
    if (kind === 'response') {
      if (endStream && this.isSentAgain(attempt, facts)) return;
      this.commit(attempt);
      call.onResponseHeaders(facts, endStream, attempt.host.key);
    } else {
      call.onResponseTrailers(facts);
    }
    if (endStream) this.onResponseEnd(attempt, facts.grpcStatus, kind === 'trailers');
  }

  onResponseData(attempt: Attempt, bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (attempt.ended) return;
    const sent = this.call.onResponseData(bytes, start, end, endStream);
    if (sent > 0) attempt.connection.consume(attempt.stream, sent);
    if (endStream) this.onResponseEnd(attempt, -1, true);
  }

  /** Queued bytes of the response have left for the client: the endpoint may send as many again. */
  onResponseSent(bytes: number): void {
    const { attempt } = this;
    if (attempt !== undefined) attempt.connection.consume(attempt.stream, bytes);
  }

  /** It is this attempt's response that the client gets, or no other can be sent: the others are cancelled. */
  private commit(chosen: Attempt): void {
    if (this.nextTimer !== undefined) this.stopNextTimer();
    if (this.attemptTimer !== undefined) this.stopAttemptTimer();
    if (this.others === undefined) return;
    const others = this.live.filter((one) => one !== chosen);
    this.attempt = chosen;
    this.others = undefined;
    for (const one of others) this.cancelOne(one, notNeeded);
  }

  /**
   * The response is complete, as far as the endpoint is concerned.
   * @param hasBegun there was more of it than a status
   */
  private onResponseEnd(attempt: Attempt, grpcStatus: number, hasBegun: boolean): void {
    const { call } = this;
    const isLate = hasBegun && grpcStatus === deadlineExceeded && call.isLate();
    const outcome = isLate ? 'cancelled' : this.outcomeOf(grpcStatus, call.httpStatus);
    const nowMs = this.end(attempt, outcome, grpcStatus);
    attempt.cutOff();
    call.onResponseEnd(grpcStatus, nowMs);
  }

  // 4. An attempt comes to nothing.

  onUpstreamReset(attempt: Attempt, reset: StreamReset): void {
    if (attempt.ended) return;
    const failed = failures.ofReset(reset, attempt.host.key);
    if (failed.code === 'CANCELLED' && this.call.isLate()) return this.call.onDeadline();
    // An endpoint that goes away in order is no outlier.
    const outcome = reset.cause === 'goaway' ? 'cancelled' : 'failure';
    this.end(attempt, outcome, grpcCodes.indexOf(failed.code), failed);
    this.goOnOrFail(attempt, failed);
  }

  private onAttemptTimeout(attempt: Attempt): void {
    const failed = failures.attemptTimeout(attempt.host.key);
    this.cancelOne(attempt, failed);
    this.goOnOrFail(attempt, failed);
  }

  private goOnOrFail(attempt: Attempt, failed: Failure): void {
    if (this.call.request.canReplay) {
      if (failed.unprocessed && this.replace(attempt)) return;
      const code = failed.why === 'attempt-timeout' ? undefined : grpcCodes.indexOf(failed.code);
      if (this.goesOnAfter(attempt, code, undefined)) return;
      this.cancel(notNeeded);
    }
    this.call.fail(failed);
  }

  /** @returns false when that was done often enough */
  private replace(attempt: Attempt): boolean {
    if (this.transparentRetries >= maxTransparentRetries) return false;
    this.transparentRetries++;
    this.call.route.stats.transparentRetries++;
    this.sent--;
    this.failedHosts = [...this.failedHosts, attempt.host];
    if (this.isLive) this.sendBeside();
    else this.start();
    return true;
  }

  /** A response that is a status and nothing else can be asked for again, if the strategy says that this one is safe. */
  private isSentAgain(attempt: Attempt, { grpcStatus, httpStatus, pushbackMs }: ResponseFacts): boolean {
    const { call } = this;
    if (grpcStatus <= 0 || !call.request.canReplay) return false;
    if (grpcStatus === deadlineExceeded && call.isLate()) return false;
    if (!this.goesOnAfter(attempt, grpcStatus, pushbackMs)) return false;
    this.end(attempt, this.outcomeOf(grpcStatus, httpStatus), grpcStatus);
    attempt.cutOff();
    return true;
  }

  /**
   * Whether the call goes on after an attempt ended with this status.
   * @param code of gRPC; undefined: the time of one attempt was over, after which there is another whatever the policy's codes are
   * @param pushbackMs what the server said (gRFC A6)
   */
  private goesOnAfter(attempt: Attempt, code: number | undefined, pushbackMs: number | undefined): boolean {
    const { strategy, call } = this;
    this.freePlaceOf(attempt);
    if (pushbackMs !== undefined && pushbackMs < 0) this.isStopped = true;
    if (!call.plan.isGrpc || (code !== undefined && !strategy.goesOnAfter(code))) return false;
    if (this.takePlace()) {
      if (strategy.hedgingDelayMs === undefined) call.route.stats.retries++;
      this.startNextIn(pushbackMs ?? strategy.delayMs(this.sent, call.context.random));
    } else if (!this.live.some((one) => one !== attempt)) return false;
    this.failedHosts = [...this.failedHosts, attempt.host];
    return true;
  }

  private startNextIn(delayMs: number): void {
    if (this.nextTimer !== undefined) this.stopNextTimer();
    this.nextTimer = this.call.context.wheel.start(delayMs, () => {
      if (this.isLive) this.hedge();
      else this.start();
    });
  }

  /** Sends one more beside those under way, if there may be one, and is another endpoint for it. */
  private hedge(): void {
    if (!this.call.request.canReplay || !this.takePlace()) return;
    if (this.sendBeside()) this.call.route.stats.hedges++;
    else this.freePlace();
  }

  private sendBeside(): boolean {
    const nowMs = this.call.context.now();
    const asked = this.live.map(({ host }) => host);
    const host = this.chooseHost(nowMs, [...this.failedHosts, ...asked]);
    return host !== undefined && !asked.includes(host) && this.send(host, nowMs);
  }

  /** Takes a place in the retry budget for one more attempt, which has it until it ends. @returns whether there may be one */
  private takePlace(): boolean {
    if (this.hasPlace) return true;
    if (this.isStopped || this.sent >= this.strategy.maxAttempts) return false;
    this.hasPlace = this.call.breaker.tryStart('retry');
    return this.hasPlace;
  }

  private freePlace(): void {
    this.hasPlace = false;
    this.call.breaker.end('retry');
  }

  private freePlaceOf(attempt: Attempt): void {
    if (!attempt.hasRetryPlace) return;
    attempt.hasRetryPlace = false;
    this.call.breaker.end('retry');
  }

  // 5. The end.

  /** Gives up all that are under way. */
  cancel(failed: Failure): void {
    for (const one of this.live) this.cancelOne(one, failed);
  }

  /** The call has ended. */
  close(): void {
    if (this.waitTimer !== undefined) this.stopWaiting();
    if (this.nextTimer !== undefined) this.stopNextTimer();
    if (this.attemptTimer !== undefined) this.stopAttemptTimer();
    if (this.hasPlace) this.freePlace();
  }

  /** An endpoint knows of the call. */
  get hasBegun(): boolean {
    return this.attempt !== undefined;
  }

  private cancelOne(attempt: Attempt, failed: Failure): void {
    // One may have ended by what was done to another.
    if (attempt.ended) return;
    const { cluster, isResponding } = this.call;
    const outcome = outcomeOfCancelling(cluster.outcomes, failed.code, isResponding);
    attempt.cutOff();
    this.end(attempt, outcome, grpcCodes.indexOf(failed.code), failed);
  }

  /** @returns the time, for whoever needs it next */
  private end(attempt: Attempt, outcome: CallOutcome, grpcStatus: number, failed?: Failure): number {
    const { context, cluster, observer, httpStatus } = this.call;
    const nowMs = context.now();
    // Sending to the client can end it, and so the call, in the middle of what an endpoint's frame does.
    if (attempt.ended) return nowMs;
    attempt.ended = true;
    if (attempt.hasRetryPlace) this.freePlaceOf(attempt);
    if (this.attemptTimer !== undefined) this.stopAttemptTimer();
    if (this.others !== undefined) this.takeOut(attempt, this.others);
    cluster.attemptEnded(attempt.host, nowMs, nowMs - attempt.startedAtMs, outcome);
    if (observer !== undefined) observer.attemptEnded(attempt, callEnd(grpcStatus, httpStatus, failed));
    return nowMs;
  }

  private takeOut(attempt: Attempt, others: Attempt[]): void {
    if (attempt === this.attempt) this.attempt = others.pop() ?? attempt;
    else others.splice(others.indexOf(attempt), 1);
  }

  private get isLive(): boolean {
    return this.attempt !== undefined && !this.attempt.ended;
  }

  /** Under way now. */
  private get live(): readonly Attempt[] {
    if (!this.isLive) return [];
    return this.others === undefined ? [this.attempt!] : [...this.others, this.attempt!];
  }

  private outcomeOf(grpcStatus: number, httpStatus: number): CallOutcome {
    const { cluster, plan } = this.call;
    return outcomeOfResponse(cluster.outcomes, plan.isGrpc, grpcStatus, httpStatus);
  }

  private stopNextTimer(): void {
    this.nextTimer!.stop();
    this.nextTimer = undefined;
  }

  private stopAttemptTimer(): void {
    this.attemptTimer!.stop();
    this.attemptTimer = undefined;
  }
}
