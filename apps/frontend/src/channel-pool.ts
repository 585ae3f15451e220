import { credentials, type Interceptor } from '@grpc/grpc-js';
import { EchoServerClient } from '@evenly/proto/echo/echo';
import { httpProxyOptions, roundRobinServiceConfig } from '@evenly/service/grpc';
import { FrontendError } from './errors.ts';

/** No pod's reply comes near this; without it one request could collect 1000 × 4 MB. */
const maxReplyBytes = 16 * 1024;

const channelOptions = {
  'grpc.service_config': roundRobinServiceConfig,
  // No TXT look-ups: they would let whoever owns a name choose how this program balances.
  'grpc.service_config_disable_resolution': 1,
  'grpc.max_receive_message_length': maxReplyBytes,
  // grpc-js waits up to 2 min by default; a person who fixed a service should not have to.
  'grpc.max_reconnect_backoff_ms': 5000,
};

interface Entry {
  client: EchoServerClient;
  users: number;
  idleTimer?: NodeJS.Timeout;
}

/** A channel in use; `release` it exactly once. */
export interface ChannelLease {
  client: EchoServerClient;
  /** Whoever asks next gets a new channel; this one is closed when its last user releases it. */
  retire(): void;
  release(): void;
}

/** One channel per target, kept between requests: a bounded number, closed when idle, least recently used first. */
export class ChannelPool {
  readonly #limits: { maxChannels: number; channelIdle: number };
  /** A Map keeps the order of insertion, and each use inserts anew: the first one is the least recently used. */
  readonly #entries = new Map<string, Entry>();
  readonly #interceptors: Interceptor[];

  /**
   * @param limits `channelIdle` in milliseconds
   * @param interceptors of every channel's calls
   */
  constructor(limits: { maxChannels: number; channelIdle: number }, interceptors: Interceptor[] = []) {
    this.#limits = limits;
    this.#interceptors = interceptors;
  }

  /** How many channels are open. */
  get size(): number {
    return this.#entries.size;
  }

  /** @throws FrontendError BUSY when every channel is in use and there may not be another one */
  lease(target: string): ChannelLease {
    const entry = this.#entries.get(target) ?? this.#open(target);
    clearTimeout(entry.idleTimer);
    this.#entries.delete(target);
    this.#entries.set(target, entry);
    entry.users++;
    return {
      client: entry.client,
      retire: () => {
        if (this.#entries.get(target) === entry) this.#entries.delete(target);
      },
      release: () => this.#release(target, entry),
    };
  }

  /** Closes every channel; calls that have not reached a pod yet fail. */
  close(): void {
    for (const target of [...this.#entries.keys()]) this.#close(target);
  }

  #open(target: string): Entry {
    if (this.#entries.size >= this.#limits.maxChannels) this.#closeLeastRecentlyUsed();
    const options = { ...channelOptions, ...httpProxyOptions(target), interceptors: this.#interceptors };
    return { client: new EchoServerClient(target, credentials.createInsecure(), options), users: 0 };
  }

  #closeLeastRecentlyUsed(): void {
    const unused = [...this.#entries].find(([, entry]) => entry.users === 0);
    if (!unused)
      throw new FrontendError('BUSY', `all ${this.#limits.maxChannels} channels are in use; try again`);
    this.#close(unused[0]);
  }

  #release(target: string, entry: Entry): void {
    entry.users--;
    if (entry.users > 0) return;
    if (this.#entries.get(target) !== entry) entry.client.close();
    else entry.idleTimer = setTimeout(() => this.#close(target), this.#limits.channelIdle).unref();
  }

  #close(target: string): void {
    const entry = this.#entries.get(target);
    this.#entries.delete(target);
    clearTimeout(entry?.idleTimer);
    entry?.client.close();
  }
}
