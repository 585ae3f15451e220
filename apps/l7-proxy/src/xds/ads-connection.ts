import type { ChannelCredentials, ClientDuplexStream, ClientOptions } from '@grpc/grpc-js';
import { Backoff } from '@evenly/endpoints';
import { AggregatedDiscoveryServiceClient } from '@evenly/proto/envoy/service/discovery/v3/ads';
import type { Runtime } from '@evenly/service';
import type { ClientStreamRequest, ClientStreamResponse, ProtocolVariant, XdsClient } from '@evenly/xds';

/** A response with the endpoints of a large mesh is large. */
const maxResponseBytes = 64 * 1024 * 1024;
/** As gRPC servers allow it without being told. */
const keepaliveMs = 300_000;
const tickMs = 1000;
/** A restarted server should be found again soon; for many proxies at once, the waits are random. */
const backoff = { initialMs: 200, maxMs: 5000 } as const;

export interface AdsOptions {
  /** HOST:PORT. */
  server: string;
  serverName: string | undefined;
  variant: ProtocolVariant;
  credentials: () => Promise<ChannelCredentials>;
  log: Runtime['log'];
}

type Stream = ClientDuplexStream<ClientStreamRequest, ClientStreamResponse>;

/** Keeps an aggregated stream to an xDS server, and brings its messages to the client's state machine. */
export class AdsConnection {
  readonly #options: AdsOptions;
  readonly #client: XdsClient;
  readonly #backoff = new Backoff(backoff);
  readonly #ticking: NodeJS.Timeout;
  #stream: Stream | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  /** Why the server is away; said once, not with every attempt. */
  #away: string | undefined;

  constructor(client: XdsClient, options: AdsOptions) {
    this.#client = client;
    this.#options = options;
    this.#ticking = setInterval(() => client.tick(), tickMs).unref();
    void this.#connect();
  }

  /** Why the server is away; undefined while it answers, and before the first attempt has ended. */
  get away(): string | undefined {
    return this.#away;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#ticking);
    clearTimeout(this.#retry);
    this.#stream?.cancel();
  }

  async #connect(): Promise<void> {
    try {
      const credentials = await this.#options.credentials();
      if (!this.#closed) this.#open(credentials);
    } catch (error) {
      this.#onAway((error as Error).message);
    }
  }

  /** A channel for each attempt: grpc-js' own would wait by a clock of its own, and keep the old certificates. */
  #open(credentials: ChannelCredentials): void {
    const { server, serverName, variant } = this.#options;
    const channel: ClientOptions = {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.keepalive_time_ms': keepaliveMs,
      'grpc.max_receive_message_length': maxResponseBytes,
      ...(serverName === undefined ? {} : { 'grpc.ssl_target_name_override': serverName }),
    };
    const ads = new AggregatedDiscoveryServiceClient(server, credentials, channel);
    const stream = (
      variant === 'delta' ? ads.deltaAggregatedResources() : ads.streamAggregatedResources()
    ) as Stream;
    this.#stream = stream;
    stream.on('data', (response: ClientStreamResponse) => {
      this.#onResponse();
      this.#client.onResponse(response);
    });
    stream.on('error', () => undefined); // its status comes next
    stream.on('status', ({ details }: { details: string }) => {
      ads.close();
      this.#stream = undefined;
      this.#client.disconnected();
      this.#onAway(details === '' ? 'the server has ended the stream' : details);
    });
    stream.on('end', () => stream.end());
    this.#client.connected((request) => stream.write(request));
  }

  #onResponse(): void {
    this.#backoff.reset();
    if (this.#away === undefined) return;
    this.#away = undefined;
    this.#options.log.info({ server: this.#options.server }, 'xDS server answers again');
  }

  #onAway(reason: string): void {
    if (this.#closed) return;
    if (this.#away === undefined) {
      const { log, server } = this.#options;
      log.warn({ server, reason }, 'xDS server is away; what it said last is kept');
    }
    this.#away = reason;
    this.#retry = setTimeout(() => void this.#connect(), this.#backoff.next());
  }
}
