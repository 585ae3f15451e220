import { status, type ServerDuplexStream } from '@grpc/grpc-js';
import type { AggregatedDiscoveryServiceServer } from '@evenly/proto/envoy/service/discovery/v3/ads';
import type { DiscoveryRequest, DiscoveryResponse } from '@evenly/proto/envoy/service/discovery/v3/discovery';
import type { Service } from '@evenly/service';
import { SotwStream, typeOfUrl, XdsError, type ResourceCache, type TypeStatus } from '@evenly/xds';
import type { Metrics } from './metrics.ts';

type AdsStream = ServerDuplexStream<DiscoveryRequest, DiscoveryResponse>;

export interface ClientStatus {
  node: string;
  peer: string;
  types: Partial<Record<string, TypeStatus>>;
}

/** Binds gRPC streams to the protocol's state machine, and keeps the list of who is connected. */
export class AdsService {
  readonly #cache: ResourceCache;
  readonly #metrics: Metrics;
  readonly #log: Service['log'];
  readonly #maxStreams: number;
  readonly #open = new Map<AdsStream, SotwStream>();

  constructor(cache: ResourceCache, options: { metrics: Metrics; log: Service['log']; maxStreams: number }) {
    this.#cache = cache;
    this.#metrics = options.metrics;
    this.#log = options.log;
    this.#maxStreams = options.maxStreams;
    cache.onChange((changed) => {
      for (const stream of this.#open.values()) stream.onCacheChange(changed);
    });
  }

  get implementation(): AggregatedDiscoveryServiceServer {
    return {
      streamAggregatedResources: (call) => this.#serve(call),
      deltaAggregatedResources: (call) =>
        fail(call, status.UNIMPLEMENTED, 'delta ADS is not served; use StreamAggregatedResources'),
    };
  }

  clients(): ClientStatus[] {
    return [...this.#open].map(([call, stream]) => ({
      node: stream.nodeId,
      peer: call.getPeer(),
      types: stream.status,
    }));
  }

  /** Ends every stream, so that clients go elsewhere or come back later; they keep what they have. */
  endAll(): void {
    for (const call of this.#open.keys()) fail(call, status.UNAVAILABLE, 'this xDS server is shutting down');
  }

  #serve(call: AdsStream): void {
    if (this.#open.size >= this.#maxStreams) {
      return fail(call, status.RESOURCE_EXHAUSTED, `this server takes at most ${this.#maxStreams} streams`);
    }
    const stream = new SotwStream(this.#cache, (response) => {
      this.#metrics.responses.inc({ type: typeOfUrl(response.typeUrl) ?? 'unknown' });
      call.write(response);
    });
    this.#open.set(call, stream);
    this.#metrics.streams.set(this.#open.size);
    const close = () => {
      this.#open.delete(call);
      this.#metrics.streams.set(this.#open.size);
    };
    call.on('data', (request: DiscoveryRequest) => this.#onRequest(call, stream, request));
    call.on('end', () => call.end());
    call.on('cancelled', close);
    call.on('close', close);
    call.on('error', (error: Error) => {
      this.#log.info({ node: stream.nodeId, reason: error.message }, 'stream broke');
      close();
    });
  }

  #onRequest(call: AdsStream, stream: SotwStream, request: DiscoveryRequest): void {
    try {
      const said = stream.onRequest(request);
      this.#metrics.requests.inc({ said });
      if (said === 'nack') this.#logNack(stream, request);
    } catch (error) {
      if (!(error instanceof XdsError)) throw error;
      this.#metrics.requests.inc({ said: 'refused' });
      this.#log.warn({ node: stream.nodeId, code: error.code, reason: error.message }, 'request refused');
      fail(call, status.INVALID_ARGUMENT, error.message);
    }
  }

  #logNack(stream: SotwStream, request: DiscoveryRequest): void {
    const { typeUrl, resourceNames, errorDetail } = request;
    this.#log.error(
      { node: stream.nodeId, typeUrl, resourceNames, reason: errorDetail?.message },
      'client rejected',
    );
  }
}

/** Ends a stream with a gRPC status. */
function fail(call: { emit(event: 'error', error: object): boolean }, code: status, details: string): void {
  call.emit('error', Object.assign(new Error(details), { code, details }));
}
