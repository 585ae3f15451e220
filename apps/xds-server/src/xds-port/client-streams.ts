import type { ServerCall } from '@evenly/grpc-server';
import {
  DeltaStream,
  SotwStream,
  type Answer,
  type EncodedResponse,
  type ResourceCache,
  type ResourceType,
  type XdsStream,
} from '@evenly/xds';
import type { ChangeTraces } from '../tracing/change-traces.ts';
import { Coalescer } from './coalescer.ts';
import type { Metrics } from '../metrics.ts';

export type Variant = 'sotw' | 'delta';

/** One open stream of a client. */
export interface ClientStream {
  readonly variant: Variant;
  /** `10.0.0.7:51234` */
  readonly peer: string;
  readonly stream: SotwStream | DeltaStream;
  readonly call: ServerCall;
}

/** All open streams: passes changes of the cache on to them, and links the streams of one client. */
export class ClientStreams {
  readonly #open = new Set<ClientStream>();
  readonly #cache: ResourceCache;
  readonly #metrics: Metrics;
  readonly #coalescer: Coalescer<ResourceType>;
  readonly #traces: ChangeTraces | undefined;
  readonly #ticker: NodeJS.Timeout;
  readonly maxStreams: number;

  constructor(
    cache: ResourceCache,
    options: {
      metrics: Metrics;
      maxStreams: number;
      coalesceMs: number;
      traces?: ChangeTraces | undefined;
    },
  ) {
    this.#cache = cache;
    this.#metrics = options.metrics;
    this.maxStreams = options.maxStreams;
    this.#traces = options.traces;
    this.#coalescer = new Coalescer<ResourceType>(options.coalesceMs, (changed) => this.#passOn(changed));
    cache.onChange((changed) => {
      this.#traces?.cacheChanged();
      this.#coalescer.add(changed);
    });
    this.#ticker = setInterval(() => this.#tick(), 1000);
  }

  get all(): Iterable<ClientStream> {
    return this.#open;
  }

  get isFull(): boolean {
    return this.#open.size >= this.maxStreams;
  }

  /** @returns the stream, and what to call when it has ended */
  add({ variant, types, call }: { variant: Variant; types: readonly ResourceType[]; call: ServerCall }): {
    client: ClientStream;
    close: () => void;
  } {
    const streamOptions = {
      cache: this.#cache,
      types,
      now: () => performance.now(),
      send: ({ prefixed, message }: EncodedResponse, type: ResourceType) => {
        this.#metrics.responses.inc({ type });
        call.sendPrefixed(prefixed);
        this.#traces?.sent(stream, type, message.length);
      },
      onClustersChanged: (names: readonly string[]) => this.#endpointsFollow(stream, names),
    };
    const stream = variant === 'sotw' ? new SotwStream(streamOptions) : new DeltaStream(streamOptions);
    const client = { variant, peer: call.peer.address, stream, call };
    this.#open.add(client);
    this.#metrics.streams.set(this.#open.size);
    const close = () => {
      this.#open.delete(client);
      this.#traces?.closed(stream);
      this.#metrics.streams.set(this.#open.size);
    };
    return { client, close };
  }

  /** Nothing is passed on any more. */
  stop(): void {
    clearInterval(this.#ticker);
    this.#coalescer.stop();
  }

  /** Notes what a request said of the response before it. */
  answered({ stream }: ClientStream, { said }: Answer, nonce: string, error: string | undefined): void {
    this.#traces?.answered(stream, said, nonce, error);
  }

  #passOn(changed: ReadonlySet<ResourceType>): void {
    const trace = this.#traces?.flush(changed);
    for (const { stream, call } of this.#open) {
      trace?.mark(stream);
      stream.onCacheChange();
      trace?.settle(stream);
      // Client by client: written at the end of the turn, all their responses would be in memory at the same time.
      call.flush();
    }
  }

  #tick(): void {
    for (const { stream } of this.#open) stream.tick();
  }

  /** Where a client has a stream for each type, a changed cluster's endpoints follow on another one of its streams. */
  #endpointsFollow(from: XdsStream, clusters: readonly string[]): void {
    if (from.node.id === '' || from.types.has('endpoints')) return;
    for (const { stream } of this.#open) {
      if (stream !== from && stream.node.id === from.node.id) stream.resend('endpoints', clusters);
    }
  }
}
