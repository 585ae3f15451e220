import type { ChannelOptions } from '@grpc/grpc-js';
import { anyViewer, eligibleEndpoints } from '@evenly/balancing';
import {
  asDiscoveryError,
  type DiscoveryError,
  type Endpoint,
  type EndpointListener,
  type EndpointSet,
} from '@evenly/endpoints';
import type { ClientSurroundings, Scheme } from '../source-kind.ts';
import { text, type Uri } from '../target.ts';
import { toGrpc } from './endpoints.ts';
import { isOurs, policyFault, serviceConfigOf } from './service-config.ts';
import type { PooledWatch, SourcePool } from './source-pool.ts';
import {
  tellEndpoints,
  tellError,
  unavailable,
  type GrpcEndpoint,
  type ResolverListener,
} from './versions.ts';

/** What resolvers are made with; `register` may replace it for channels that come later. */
export interface ResolverContext extends ClientSurroundings {
  pool: SourcePool;
  onWarning: (message: string) => void;
}

/**
 * A channel that asks again is told again, after so long: grpc-js doubles its wait before the next question as long as
 * it hears nothing. At once would not do: the stock round_robin asks again at once while a connection fails.
 */
const tellAgainMs = 1000;

/** A grpc-js resolver of one channel: tells what a shared source says. Throws nothing: what is wrong is told. */
export class EvenlyResolver {
  readonly #scheme: Scheme;
  readonly #context: ResolverContext;
  readonly #uri: Uri;
  readonly #listener: ResolverListener;
  readonly #options: ChannelOptions;
  #watch: PooledWatch | undefined;
  #set: EndpointSet | undefined;
  /** Of the set. The same object when it is told again, by which our policies know that nothing is new. */
  #endpoints: GrpcEndpoint[] = [];
  #note = '';
  #error: DiscoveryError | undefined;
  #again: NodeJS.Timeout | undefined;

  constructor(
    scheme: Scheme,
    context: ResolverContext,
    uri: Uri,
    listener: ResolverListener,
    options: ChannelOptions,
  ) {
    this.#scheme = scheme;
    this.#context = context;
    this.#uri = uri;
    this.#listener = listener;
    this.#options = options;
  }

  /** Called first to begin, then whenever a connection failed or the channel has no endpoint. */
  updateResolution(): void {
    if (this.#watch !== undefined) this.#watch.refresh();
    else this.#start();
    if (this.#again !== undefined) return;
    this.#again = setTimeout(() => {
      this.#again = undefined;
      this.#tell();
    }, tellAgainMs);
    this.#again.unref();
  }

  /** The channel closes or goes idle; after that, `updateResolution` may begin again. */
  destroy(): void {
    clearTimeout(this.#again);
    this.#again = undefined;
    this.#watch?.stop();
    this.#watch = undefined;
    this.#set = undefined;
    this.#endpoints = [];
    this.#error = undefined;
  }

  #start(): void {
    const { pool } = this.#context;
    const listener: EndpointListener = {
      onEndpoints: (set) => {
        if (set === this.#set) return;
        this.#set = set;
        this.#read(set);
        this.#tell();
      },
      onError: (error) => {
        this.#error = error;
        // The last endpoints stay valid: calls go on, and only the log hears of it.
        if (this.#set === undefined) this.#tell();
        else
          this.#context.onWarning(`${text(this.#uri)}: ${error.message}; going on with the last endpoints`);
      },
      onRecovered: () => (this.#error = undefined),
    };
    try {
      this.#watch = pool.watch(
        text(this.#uri),
        () => this.#scheme.source(this.#uri, this.#context),
        listener,
      );
    } catch (thrown) {
      // Never within updateResolution: grpc-js does not expect it there.
      queueMicrotask(() => listener.onError(asDiscoveryError(thrown)));
    }
  }

  #tell(): void {
    const target = text(this.#uri);
    const fault = policyFault(this.#options) ?? (this.#set === undefined ? this.#error?.message : undefined);
    if (fault !== undefined) tellError(this.#listener, unavailable(`${target}: ${fault}`));
    if (fault !== undefined || this.#set === undefined) return;
    tellEndpoints(this.#listener, this.#endpoints, serviceConfigOf(this.#options), this.#note);
  }

  #read({ endpoints }: EndpointSet): void {
    // Who may get calls is a policy's business where it is one of ours, and may be others for each channel.
    const used = isOurs(this.#options) ? endpoints : firstPriority(endpoints);
    this.#endpoints = used.map(toGrpc);
    this.#note = `${text(this.#uri)} has ${endpoints.length} endpoints`;
  }
}

/** For policies that know no priorities, nor anything else of an endpoint. */
const firstPriority = (endpoints: readonly Endpoint[]): readonly Endpoint[] =>
  eligibleEndpoints(endpoints, { zonePreference: 'none' }, anyViewer)
    .filter(({ priority }) => priority === 0)
    .map(({ endpoint }) => endpoint);
