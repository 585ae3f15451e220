import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { AggregatedDiscoveryServiceService } from '@evenly/proto/envoy/service/discovery/v3/ads';
import { DiscoveryResponse, type DiscoveryRequest } from '@evenly/proto/envoy/service/discovery/v3/discovery';
import type { Any } from '@evenly/proto/google/protobuf/any';

type Stream = ServerDuplexStream<DiscoveryRequest, DiscoveryResponse>;

/** A server by hand, state of the world: it sends what a test tells it to, and keeps what it is answered. */
export class ScriptedXdsServer implements AsyncDisposable {
  readonly nacks: string[] = [];
  /** Type URLs of the requests that acknowledge. */
  readonly acks: string[] = [];
  readonly #server = new Server();
  readonly #resources = new Map<string, readonly Any[]>();
  #stream: Stream | undefined;
  #nonce = 0;
  port = 0;

  static async start(): Promise<ScriptedXdsServer> {
    const server = new ScriptedXdsServer();
    server.#server.addService(AggregatedDiscoveryServiceService, {
      streamAggregatedResources: (stream: Stream) => server.#onStream(stream),
      deltaAggregatedResources: (stream: ServerDuplexStream<unknown, unknown>) => stream.end(),
    });
    server.port = await new Promise<number>((resolve, reject) => {
      server.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    return server;
  }

  /** Sends resources of one type, and again to whoever asks for the type. */
  tell(resources: readonly Any[]): void {
    this.#resources.set(resources[0]!.typeUrl, resources);
    this.#send(resources[0]!.typeUrl);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
    await Promise.resolve();
  }

  #onStream(stream: Stream): void {
    this.#stream = stream;
    const asked = new Map<string, string>();
    stream.on('error', () => undefined);
    stream.on('data', ({ typeUrl, resourceNames, errorDetail, responseNonce }: DiscoveryRequest) => {
      if (errorDetail !== undefined) this.nacks.push(errorDetail.message);
      else if (responseNonce !== '') this.acks.push(typeUrl);
      const names = resourceNames.join();
      if (asked.get(typeUrl) !== names) this.#send(typeUrl);
      asked.set(typeUrl, names);
    });
  }

  #send(typeUrl: string): void {
    const resources = this.#resources.get(typeUrl);
    if (resources === undefined) return;
    const nonce = `${++this.#nonce}`;
    const empty = DiscoveryResponse.decode(new Uint8Array(0));
    this.#stream?.write({ ...empty, typeUrl, nonce, versionInfo: nonce, resources: [...resources] });
  }
}
