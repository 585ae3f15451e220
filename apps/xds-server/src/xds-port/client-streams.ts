import type { Service } from '@evenly/service';
import {
  DeltaStream,
  SotwStream,
  type Answer,
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
  /** Ends it with a status that makes the client come back. */
  readonly end: () => void;
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
      log: Service['log'];
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
  add(options: {
    variant: Variant;
    types: readonly ResourceType[];
    peer: string;
    send: (encoded: Buffer) => void;
    end: () => void;
  }): { client: ClientStream; close: () => void } {
    const streamOptions = {
      cache: this.#cache,
      types: options.types,
      now: () => performance.now(),
      send: (encoded: Buffer, type: ResourceType) => {
        this.#metrics.responses.inc({ type });
        options.send(encoded);
        this.#traces?.sent(stream, type, encoded.length);
      },
      onClustersChanged: (names: readonly string[]) => this.#endpointsFollow(stream, names),
    };
    const stream =
      options.variant === 'sotw' ? new SotwStream(streamOptions) : new DeltaStream(streamOptions);
    const client = { variant: options.variant, peer: options.peer, stream, end: options.end };
    this.#open.add(client);
    this.#metrics.streams.set(this.#open.size);
    const close = () => {
      this.#open.delete(client);
      this.#traces?.closed(stream);
      this.#metrics.streams.set(this.#open.size);
    };
    return { client, close };
  }

  /** Ends every stream. Clients keep what they have, and go elsewhere or come back. */
  stop(): void {
    clearInterval(this.#ticker);
    this.#coalescer.stop();
    for (const { end } of this.#open) end();
  }

  /** Notes what a request said of the response before it. */
  answered({ stream }: ClientStream, { said }: Answer, nonce: string, error: string | undefined): void {
    this.#traces?.answered(stream, said, nonce, error);
  }

  #passOn(changed: ReadonlySet<ResourceType>): void {
    const trace = this.#traces?.flush(changed);
    for (const { stream } of this.#open) {
      trace?.mark(stream);
      stream.onCacheChange();
      trace?.settle(stream);
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
