import { parseEndpointKey } from '@evenly/endpoints';
import { outOfMemory, Status, type ServerCall } from '@evenly/grpc-server';
import {
  DeltaStream,
  SotwStream,
  Subscribers,
  XdsError,
  type Acknowledgement,
  type CacheChange,
  type EncodedResponse,
  type NodeInfo,
  type ResourceCache,
  type ResourceType,
  type StreamOptions,
} from '@evenly/xds';
import type { ClientGate } from '../tls/client-gate.ts';
import type { ChangeTraces } from '../tracing/change-traces.ts';
import { Coalescer } from './coalescer.ts';
import type { Metrics } from '../metrics.ts';
import { NodeIds } from './node-ids.ts';

export type Variant = 'sotw' | 'delta';

/** One open stream of a client. */
export interface OpenStream {
  readonly variant: Variant;
  /** `10.0.0.7:51234` */
  readonly peer: string;
  readonly stream: SotwStream | DeltaStream;
  readonly call: ServerCall;
}

interface Entry extends OpenStream {
  readonly openedAtMs: number;
  /** It has asked for something. */
  subscribed: boolean;
}

export interface ClientStreamsOptions {
  metrics: Metrics;
  maxStreams: number;
  coalesceMs: number;
  /** How long a stream may be open without asking for anything. */
  firstRequestMs: number;
  traces?: ChangeTraces | undefined;
  /** Told when a client comes whose node id another address uses too. */
  onSharedNodeId?: (id: string, address: string, other: string) => void;
  /** Told which listeners a client asks for anew. */
  onListenersWanted?: (node: NodeInfo, names: readonly string[]) => void;
}

/** All open streams: passes changes of the cache on to those that asked, and links the streams of one client. */
export class ClientStreams {
  readonly #open = new Set<Entry>();
  readonly #subscribers = new Subscribers<Entry>();
  readonly #nodeIds = new NodeIds();
  readonly #cache: ResourceCache;
  readonly #options: ClientStreamsOptions;
  readonly #coalescer: Coalescer;
  readonly #ticker: NodeJS.Timeout;

  constructor(cache: ResourceCache, options: ClientStreamsOptions) {
    this.#cache = cache;
    this.#options = options;
    this.#coalescer = new Coalescer(options.coalesceMs, (changed) => this.#passOn(changed));
    cache.onChange((changed) => {
      options.traces?.cacheChanged();
      this.#coalescer.add(changed);
    });
    cache.onWhole(() => this.#onWhole());
    this.#ticker = setInterval(() => this.#tick(), 1000);
  }

  get all(): Iterable<OpenStream> {
    return this.#open;
  }

  get maxStreams(): number {
    return this.#options.maxStreams;
  }

  get isFull(): boolean {
    return this.#open.size >= this.maxStreams;
  }

  /** @returns the stream, and what to call when it has ended */
  add({
    variant,
    types,
    call,
    wildcard,
  }: {
    variant: Variant;
    types: readonly ResourceType[];
    call: ServerCall;
    wildcard?: ClientGate | undefined;
  }): { client: OpenStream; close: () => void } {
    const { metrics, traces } = this.#options;
    const address = parseEndpointKey(call.peer.address)?.address ?? call.peer.address;
    const streamOptions: StreamOptions = {
      cache: this.#cache,
      types,
      peer: address,
      now: () => performance.now(),
      send: ({ prefixed, message }: EncodedResponse, type: ResourceType) => {
        metrics.exchange.responses[type]++;
        call.sendPrefixed(prefixed);
        traces?.sent(stream, type, message.length);
      },
      onClustersChanged: (names) => this.#endpointsFollow(entry, names),
      onHeld: (bytes) => hold(entry, bytes),
      onSubscription: (type, change, now) => {
        const denied = change.wildcardAdded ? wildcard?.(call.peer) : undefined;
        if (denied !== undefined) throw denied;
        if (!entry.subscribed && (now.wildcard || now.names.size > 0)) {
          entry.subscribed = true;
          this.#noteNodeId(stream.node.id, address);
        }
        if (type === 'listener') this.#options.onListenersWanted?.(stream.node, change.added);
        this.#subscribers.update(entry, type, change, now);
      },
    };
    const stream = variant === 'sotw' ? new SotwStream(streamOptions) : new DeltaStream(streamOptions);
    const entry: Entry = {
      variant,
      peer: call.peer.address,
      stream,
      call,
      openedAtMs: performance.now(),
      subscribed: false,
    };
    this.#open.add(entry);
    metrics.streams.set(this.#open.size);
    const close = () => {
      this.#open.delete(entry);
      if (entry.subscribed) this.#nodeIds.remove(stream.node.id, address);
      this.#subscribers.remove(entry, stream.types);
      call.peer.memory?.add(-stream.heldBytes);
      traces?.closed(stream);
      metrics.streams.set(this.#open.size);
    };
    return { client: entry, close };
  }

  /** Nothing is passed on any more. */
  stop(): void {
    clearInterval(this.#ticker);
    this.#coalescer.stop();
  }

  /** Notes what a request said of the response before it. */
  noteAcknowledgement(
    { stream }: OpenStream,
    { said, nonce }: Acknowledgement,
    error: string | undefined,
  ): void {
    if (nonce !== undefined) this.#options.traces?.acknowledged(stream, said, nonce, error);
  }

  #noteNodeId(id: string, address: string): void {
    const other = this.#nodeIds.add(id, address);
    if (other !== undefined && id !== '') this.#options.onSharedNodeId?.(id, address, other);
  }

  #passOn(changed: CacheChange): void {
    const trace = this.#options.traces?.flush();
    for (const [{ stream, call }, types] of this.#subscribers.of(changed)) {
      try {
        trace?.mark(stream, types);
        stream.onCacheChange(types);
        trace?.settle(stream);
        // Client by client: written at the end of the turn, all their responses would be in memory at the same time.
        call.flush();
      } catch (error) {
        call.fail(error);
      }
    }
  }

  #onWhole(): void {
    for (const entry of this.#open)
      this.#isolate(entry, () => {
        entry.stream.onWhole();
        entry.call.flush();
      });
  }

  #tick(): void {
    const { firstRequestMs } = this.#options;
    const openedBefore = performance.now() - firstRequestMs;
    for (const entry of this.#open) {
      this.#isolate(entry, () => {
        if (entry.subscribed || entry.openedAtMs > openedBefore) entry.stream.tick();
        else entry.call.end(Status.DEADLINE_EXCEEDED, `nothing was asked for within ${firstRequestMs} ms`);
      });
    }
  }

  /** Where a client has a stream for each type, a changed cluster's endpoints follow on another one of its streams. */
  #endpointsFollow(from: Entry, clusters: readonly string[]): void {
    const { node, types } = from.stream;
    if (node.id === '' || types.has('endpoints')) return;
    for (const entry of this.#subscribers.of(new Map([['endpoints', new Set(clusters)]])).keys()) {
      if (entry === from || entry.stream.node.id !== node.id) continue;
      this.#isolate(entry, () => entry.stream.resend('endpoints', clusters));
    }
  }

  /** One stream's fault ends that stream, and is none of the others'. */
  #isolate(entry: Entry, step: () => void): void {
    try {
      step();
    } catch (error) {
      entry.call.fail(error);
    }
  }
}

/** @throws XdsError OUT_OF_MEMORY for more of a client that holds much, while there is little */
function hold({ call }: Entry, bytes: number): void {
  const { memory } = call.peer;
  if (memory === undefined) return;
  memory.add(bytes);
  if (bytes > 0 && memory.refusesWork) throw new XdsError('OUT_OF_MEMORY', outOfMemory);
}
