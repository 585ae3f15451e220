import {
  ResponderBuilder,
  ServerInterceptingCall,
  ServerListenerBuilder,
  status,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import type { CallMetrics } from './metrics.ts';

/**
 * Every call that the server has, whatever its service: counts them, holds their answers back while the pod hangs,
 * and ends the open-ended ones when the pod stops.
 */
export class Calls {
  #hanging = false;
  /** What each call would have sent; a call has at most its metadata, one message and its status here. */
  readonly #held = new Map<object, (() => void)[]>();
  readonly #openEnded = new Set<ServerInterceptingCall>();
  readonly #metrics: CallMetrics;

  constructor(metrics: CallMetrics) {
    this.#metrics = metrics;
  }

  /** While true no call gets anything; when false again they get what was held back, as from a process that was stopped. */
  set hanging(hanging: boolean) {
    this.#hanging = hanging;
    if (hanging) return;
    const held = [...this.#held.values()];
    this.#held.clear();
    for (const send of held.flat()) send();
  }

  /**
   * Ends the calls that have no end of their own (health Watch, reflection): else one watching client would hold up
   * a stopping pod until the drain timeout.
   */
  endOpenEnded(): void {
    for (const call of this.#openEnded) {
      call.sendStatus({ code: status.UNAVAILABLE, details: 'the pod is stopping' });
    }
  }

  /** Give this to the gRPC server. */
  readonly interceptor: ServerInterceptor = (method, nextCall) => {
    const ended = this.#metrics.started(method.path);
    const forget = () => {
      this.#held.delete(call);
      this.#openEnded.delete(call);
    };
    const listener = new ServerListenerBuilder()
      .withOnCancel(() => {
        forget();
        ended(status.CANCELLED);
      })
      .build();
    const responder = new ResponderBuilder()
      .withStart((next) => next(listener))
      .withSendMetadata((metadata, next) => this.#send(call, () => next(metadata)))
      .withSendMessage((message, next) => this.#send(call, () => next(message)))
      .withSendStatus((sent, next) =>
        this.#send(call, () => {
          forget();
          ended(sent.code ?? status.OK);
          next(sent);
        }),
      )
      .build();
    const call: ServerInterceptingCall = new ServerInterceptingCall(nextCall, responder);
    if (method.responseStream && !method.path.startsWith('/echo.')) this.#openEnded.add(call);
    return call;
  };

  #send(call: object, send: () => void): void {
    if (!this.#hanging) {
      send();
      return;
    }
    const held = this.#held.get(call);
    if (held) held.push(send);
    else this.#held.set(call, [send]);
  }
}
