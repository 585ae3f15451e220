import { channelReady } from '@evenly/discovery/grpc-js';
import { connectivityState, credentials, status, type Interceptor, type Metadata } from '@grpc/grpc-js';
import { EchoServerClient } from '@evenly/proto/echo/echo';
import { ServiceError } from '@evenly/service';
import { httpProxyOptions } from '@evenly/service/grpc';
import { PodNames, podOf } from './pod-names.ts';

/** No pod's reply comes near this. */
const maxReplyBytes = 16 * 1024;

/** What came of a call. */
export interface CallResult {
  code: status;
  /** The pod's message, or what the error says. */
  message: string;
  /** Who answered or, as far as that is known, who failed. */
  pod: string | undefined;
  /** Address at the other end of the connection, when there was one. */
  peer: string | undefined;
  latencyMs: number;
}

export interface CallerOptions {
  target: string;
  serviceConfig: string;
  name: string;
  deadlineMs: number;
  waitForReady: boolean;
  headers: Metadata;
  interceptors: Interceptor[];
}

/** One channel, and calls on it. */
export class Caller {
  readonly #options: CallerOptions;
  readonly #client: EchoServerClient;
  readonly #names = new PodNames();
  readonly #inFlight = new Set<{ cancel(): void }>();
  #made = 0;
  /** What the last call that failed says. */
  #failure: string | undefined;

  /** @throws ServiceError BAD_CONFIG when no channel can be made of the options */
  constructor(options: CallerOptions) {
    this.#options = options;
    try {
      this.#client = new EchoServerClient(options.target, credentials.createInsecure(), {
        'grpc.service_config': options.serviceConfig,
        // No TXT look-ups: they would let whoever owns a name choose how this program balances.
        'grpc.service_config_disable_resolution': 1,
        'grpc.max_receive_message_length': maxReplyBytes,
        // grpc-js waits up to 2 min by default; a person who fixed a service should not have to.
        'grpc.max_reconnect_backoff_ms': 5000,
        ...httpProxyOptions(options.target),
        interceptors: options.interceptors,
      });
    } catch (cause) {
      throw new ServiceError('BAD_CONFIG', `cannot call ${options.target}: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Resolves when the channel has had endpoints and a connection; rejects when it is closed before. */
  ready(): Promise<void> {
    return channelReady(this.#client.getChannel());
  }

  /** How it stands with the channel, for as long as it is not ready. */
  get state(): string {
    const state = connectivityState[this.#client.getChannel().getConnectivityState(false)];
    return this.#failure === undefined ? state : `${state}, the last call: ${this.#failure}`;
  }

  /**
   * One call. Never rejects: an error is a result like another.
   * @param dueMs when it should have begun (`performance.now()`): what it waited since then is part of its latency
   */
  call(dueMs = performance.now(), deadlineMs = this.#options.deadlineMs): Promise<CallResult> {
    const metadata = this.#options.headers.clone();
    metadata.setOptions({ waitForReady: this.#options.waitForReady });
    const request = { name: `${this.#options.name}_${++this.#made}` };
    return new Promise((resolve) => {
      const call = this.#client.sayHello(
        request,
        metadata,
        { deadline: Date.now() + deadlineMs },
        (error, reply) => {
          this.#inFlight.delete(call);
          const latencyMs = performance.now() - dueMs;
          const peer = this.#peerOf(call.getPeer());
          if (error) {
            this.#failure = error.details;
            const pod = peer && this.#names.at(peer);
            resolve({ code: error.code, message: error.details, pod, peer, latencyMs });
            return;
          }
          const pod = podOf(reply.message);
          if (peer) this.#names.learn(peer, pod);
          resolve({ code: status.OK, message: reply.message, pod, peer, latencyMs });
        },
      );
      this.#inFlight.add(call);
    });
  }

  /** Cancels the calls in flight; they end with CANCELLED. */
  cancel(): void {
    for (const call of this.#inFlight) call.cancel();
  }

  close(): void {
    this.#client.close();
  }

  /** grpc-js names the target as long as a call has no connection. */
  #peerOf(peer: string): string | undefined {
    const isAddress = /^(\d+\.\d+\.\d+\.\d+|\[?[0-9a-f]*:[0-9a-f:.]*\]?):\d+$|^\//i.test(peer);
    return isAddress ? peer : undefined;
  }
}
