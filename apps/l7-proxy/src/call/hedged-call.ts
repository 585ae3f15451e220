import type { CallOutcome, Host } from '@evenly/balancing';
import type { HeaderBlock, HeaderKind } from '@evenly/http2';
import { grpcCodes, type Hedge } from '@evenly/mesh-config';
import type { Attempt } from '../upstream/attempt.ts';
import type { EndpointPool } from '../upstream/endpoint-pool.ts';
import { Call } from './call.ts';
import { failure, type Failure } from '../failure.ts';
import { Hedging } from './attempts/hedging.ts';
import { Retries } from './attempts/retries.ts';

const notNeeded = failure('CANCELLED', 'another attempt was answered', 'hedge-not-needed');

/**
 * A call that is sent to several endpoints until the first one answers (gRFC A6, "hedging"), as long as its request is kept
 * whole. A class of its own, so that other calls pay nothing for it.
 */
export class HedgedCall extends Call {
  private readonly hedging: Hedging;

  constructor(policy: Hedge, ...rest: ConstructorParameters<typeof Call>) {
    super(...rest);
    this.hedging = new Hedging(policy, this.breaker);
  }

  override onRequestData(bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (this.phase === 'ended') return;
    const { request, hedging } = this;
    this.observer?.requestData(end - start);
    request.onData(bytes, start, end, endStream, this.phase !== 'waiting');
    // It cannot be sent anew any more: who has most of it goes on alone.
    if (!request.canReplay && hedging.live.length > 1) {
      this.commit(hedging.live.reduce((most, one) => (one.sentBytes > most.sentBytes ? one : most)));
    }
    this.forEachLive((attempt) => request.sendContent(attempt, bytes, start, end, endStream));
  }

  override onRequestTrailers(block: HeaderBlock): void {
    if (this.phase === 'ended') return;
    this.request.onTrailers(block);
    this.forEachLive((attempt) => attempt.connection.sendHeaders(attempt.stream, block, true));
  }

  override onResponseHeaders(
    attempt: Attempt,
    block: HeaderBlock,
    kind: HeaderKind,
    endStream: boolean,
  ): void {
    // Nobody could tell which attempt it is about.
    if (kind !== 'informational') super.onResponseHeaders(attempt, block, kind, endStream);
  }

  protected override get avoided(): readonly Host<EndpointPool>[] {
    return this.hedging.hosts;
  }

  protected override get earlierAttempts(): number {
    return this.hedging.attempts;
  }

  protected override onSent(attempt: Attempt): void {
    this.hedging.started(attempt);
  }

  /** Not the try is limited, but how long it stays alone. */
  protected override limitTry(): void {
    const { delayMs } = this.hedging.policy;
    if (delayMs === 0) this.sendAnother();
    else this.phaseTimer = this.context.wheel.start(delayMs, () => this.sendAnother());
  }

  /** Sends one more beside those under way, if there is another endpoint for it. */
  private sendAnother(): void {
    const { hedging } = this;
    if (!this.request.canReplay || !hedging.next()) return;
    if (this.sendElsewhere()) this.route.stats.hedges++;
    else hedging.giveBack();
  }

  private sendElsewhere(): boolean {
    const nowMs = this.context.now();
    const host = this.chooseHost(nowMs);
    return host !== undefined && !this.hedging.isTriedBy(host) && this.send(host, nowMs);
  }

  protected override beginResponse(attempt: Attempt): void {
    this.commit(attempt);
    super.beginResponse(attempt);
  }

  /** The others are cancelled. */
  private commit(attempt: Attempt): void {
    this.hedging.stop();
    this.attempt = attempt;
    this.forEachLive((other) => {
      if (other !== attempt) this.cancel(other, 'cancelled', notNeeded);
    });
  }

  protected override goesOnAfter(_attempt: Attempt, grpcStatus: number, pushbackMs?: number): boolean {
    const { hedging } = this;
    if (pushbackMs !== undefined && pushbackMs < 0) hedging.stop();
    if (hedging.isFatal(grpcStatus)) return false;
    const hasOthers = hedging.live.length > 1;
    const isNext = hedging.next();
    if (isNext) this.sendNext(pushbackMs ?? 0, hasOthers);
    return isNext || hasOthers;
  }

  protected override retryOrFail(failed: Failure, host: Host<EndpointPool>): void {
    const { hedging } = this;
    if (this.phase !== 'sent' || !this.request.canReplay) return this.fail(failed);
    const hasOthers = hedging.live.length > 0;
    if (failed.unprocessed && (this.retries ??= new Retries(this.breaker)).again(host)) {
      this.route.stats.transparentRetries++;
      if (!hasOthers) this.tryOrWait();
      else this.sendElsewhere();
      return;
    }
    if (!hedging.isFatal(grpcCodes.indexOf(failed.code))) {
      if (hedging.next()) return this.sendNext(0, hasOthers);
      if (hasOthers) return;
    }
    this.cancelAttempts('cancelled', notNeeded);
    this.fail(failed);
  }

  /** After one that came to nothing: the next one does not wait for its time, unless the server said so. */
  private sendNext(pushbackMs: number, hasOthers: boolean): void {
    this.stopPhaseTimer();
    if (!hasOthers) this.phase = 'waiting';
    const next = () => {
      if (this.phase === 'waiting') this.tryOrWait();
      else this.sendAnother();
    };
    // Later in any case: the attempt before has yet to be put away.
    this.phaseTimer = this.context.wheel.start(pushbackMs, next);
  }

  protected override cancelAttempts(outcome: CallOutcome, failed: Failure): void {
    this.forEachLive((attempt) => this.cancel(attempt, outcome, failed));
  }

  protected override endAttempt(
    attempt: Attempt,
    outcome: CallOutcome,
    grpcStatus: number,
    failed?: Failure,
  ): number {
    this.hedging.ended(attempt);
    return super.endAttempt(attempt, outcome, grpcStatus, failed);
  }

  protected override ended(...how: Parameters<Call['ended']>): void {
    this.hedging.giveBack();
    super.ended(...how);
  }

  /** Of what is under way now: one may end by what is done to another. */
  private forEachLive(action: (attempt: Attempt) => void): void {
    for (const attempt of [...this.hedging.live]) if (!attempt.ended) action(attempt);
  }
}
