import type { CallOutcome } from '@evenly/balancing';
import type { HeaderBlock, HeaderKind } from '@evenly/http2';
import type { RouteStats } from '../../stats/route-stats.ts';
import type { Attempt, AttemptOwner } from '../../upstream/attempt.ts';
import type { Cluster } from '../../upstream/cluster.ts';
import type { CallContext } from '../call-context.ts';
import { responseFacts } from '../response/response-facts.ts';
import { outcomeOfResponse } from '../response/response-outcome.ts';
import type { Timer } from '../timer-wheel.ts';
import { mirrorLimits } from './limits.ts';

/**
 * One copy of a call under way: gets what the request has, and drops what it is answered. What takes too long or too much is
 * given up, for nobody waits for it.
 */
export class MirroredCall implements AttemptOwner {
  private readonly context: CallContext;
  private readonly cluster: Cluster;
  private readonly isGrpc: boolean;
  private readonly stats: RouteStats;
  private attempt: Attempt | undefined = undefined;
  private queuedBytes = 0;
  private httpStatus = 0;
  private timer: Timer | undefined = undefined;

  constructor(context: CallContext, cluster: Cluster, isGrpc: boolean, stats: RouteStats) {
    this.context = context;
    this.cluster = cluster;
    this.isGrpc = isGrpc;
    this.stats = stats;
  }

  /** @param attempt just opened */
  start(attempt: Attempt, requestEnded: boolean): void {
    this.attempt = attempt;
    this.stats.mirrored++;
    this.cluster.attemptStarted(attempt.host);
    if (requestEnded) this.onRequestEnd();
  }

  onRequestData(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    const { attempt } = this;
    if (attempt === undefined) return;
    const count = end - start;
    const { queuedBytesPerCall } = mirrorLimits;
    if (this.queuedBytes + count > queuedBytesPerCall || !this.context.mirrors.hasRoomFor(count))
      return this.giveUp();
    // Counted before it leaves: sending can end the connection, and with it this copy.
    this.queue(count);
    const sent = attempt.connection.sendData(attempt.stream, bytes, start, end, endStream);
    if (this.attempt === undefined) return;
    this.queue(-sent);
    if (endStream) this.onRequestEnd();
  }

  onRequestTrailers(block: HeaderBlock): void {
    const { attempt } = this;
    if (attempt === undefined) return;
    attempt.connection.sendHeaders(attempt.stream, block, true);
    this.onRequestEnd();
  }

  /** The caller has given up, or the call was answered before the request was complete. */
  cancel(): void {
    if (this.attempt !== undefined) this.end('cancelled');
  }

  onRequestSent(_attempt: Attempt, bytes: number): void {
    if (this.attempt !== undefined) this.queue(-bytes);
  }

  onResponseHeaders(_attempt: Attempt, block: HeaderBlock, kind: HeaderKind, endStream: boolean): void {
    if (this.attempt === undefined || kind === 'informational') return;
    const facts = responseFacts(block, kind === 'response' ? kind : 'trailers');
    if (kind === 'response') this.httpStatus = facts.httpStatus;
    if (endStream) this.onAnswered(facts.grpcStatus);
  }

  onResponseData(attempt: Attempt, _bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (this.attempt === undefined) return;
    attempt.connection.consume(attempt.stream, end - start);
    if (endStream) this.onAnswered(-1);
  }

  onUpstreamReset(): void {
    if (this.attempt !== undefined) this.end('failure');
  }

  private onAnswered(grpcStatus: number): void {
    this.end(outcomeOfResponse(this.cluster.outcomes, this.isGrpc, grpcStatus, this.httpStatus));
  }

  private onRequestEnd(): void {
    this.timer ??= this.context.wheel.start(mirrorLimits.answerMs, () => this.giveUp());
  }

  private giveUp(): void {
    this.stats.mirrorsDropped++;
    this.end('cancelled');
  }

  private end(outcome: CallOutcome): void {
    const { attempt, context, cluster } = this;
    if (attempt === undefined) return;
    this.attempt = undefined;
    if (this.timer !== undefined) this.timer.stop();
    this.queue(-this.queuedBytes);
    context.mirrors.end();
    attempt.ended = true;
    attempt.cutOff();
    const nowMs = context.now();
    cluster.attemptEnded(attempt.host, nowMs, nowMs - attempt.startedAtMs, outcome);
  }

  private queue(change: number): void {
    this.queuedBytes += change;
    this.context.mirrors.count(change);
  }
}
