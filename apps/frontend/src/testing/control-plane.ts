import { promisify } from 'node:util';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import {
  AggregatedDiscoveryServiceService,
  type AggregatedDiscoveryServiceServer,
} from '@evenly/proto/envoy/service/discovery/v3/ads';
import type { DiscoveryRequest, DiscoveryResponse } from '@evenly/proto/envoy/service/discovery/v3/discovery';
import { resourceMakers } from './xds-resources.ts';

type Stream = ServerDuplexStream<DiscoveryRequest, DiscoveryResponse>;

/** A control plane of the simplest kind: service → ports on 127.0.0.1, every resource again after each change. */
export class ControlPlane {
  port = 0;
  readonly #services = new Map<string, number[]>();
  /** By stream and type, the names asked for. */
  readonly #subscriptions = new Map<Stream, Map<string, string[]>>();
  readonly #server = new Server();
  #version = 0;

  async start(port = 0): Promise<this> {
    const service: AggregatedDiscoveryServiceServer = {
      streamAggregatedResources: (stream) => this.#serve(stream),
      deltaAggregatedResources: (stream) => stream.end(),
    };
    this.#server.addService(AggregatedDiscoveryServiceService, service);
    const bind = promisify(this.#server.bindAsync.bind(this.#server));
    this.port = await bind(`127.0.0.1:${port}`, ServerCredentials.createInsecure());
    return this;
  }

  /** The listeners that clients are subscribed to now. */
  get listeners(): string[] {
    const names = [...this.#subscriptions.values()].map((types) =>
      types.get('envoy.config.listener.v3.Listener'),
    );
    return names.flatMap((list) => list ?? []);
  }

  set(service: string, ports: number[]): void {
    this.#services.set(service, ports);
    this.#sendAll();
  }

  remove(service: string): void {
    this.#services.delete(service);
    this.#sendAll();
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  #serve(stream: Stream): void {
    const types = new Map<string, string[]>();
    this.#subscriptions.set(stream, types);
    stream.on('data', ({ typeUrl, resourceNames }: DiscoveryRequest) => {
      const type = typeUrl.split('/').at(-1)!;
      // An ACK repeats the names; only a new subscription wants an answer.
      const isAck = types.get(type)?.join() === resourceNames.join();
      types.set(type, resourceNames);
      if (!isAck) this.#send(stream, type, resourceNames);
    });
    stream.on('error', () => undefined);
    stream.on('close', () => this.#subscriptions.delete(stream));
    stream.on('end', () => stream.end());
  }

  #sendAll(): void {
    for (const [stream, types] of this.#subscriptions) {
      for (const [type, names] of types) this.#send(stream, type, names);
    }
  }

  #send(stream: Stream, type: string, names: readonly string[]): void {
    const version = String(++this.#version);
    const known = names.filter((name) => this.#services.has(name));
    stream.write({
      versionInfo: version,
      nonce: version,
      typeUrl: `type.googleapis.com/${type}`,
      resources: known.map((name) => resourceMakers[type]!(name, this.#services.get(name)!)),
      canary: false,
      resourceErrors: [],
    });
  }
}
