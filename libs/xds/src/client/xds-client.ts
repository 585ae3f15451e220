import type { EndpointSource } from '@evenly/endpoints';
import { servicesOf, type MeshConfig } from '@evenly/mesh-config';
import type { Node } from '@evenly/proto/envoy/config/core/v3/base';
import type { ProtocolVariant } from '../protocol-variant.ts';
import { isWholeSet, sendOrder, typeOfUrl, type ResourceType } from '../resource-type.ts';
import {
  adsStream,
  type AdsStream,
  type ClientStreamRequest,
  type ClientStreamResponse,
  type ResourceUpdate,
} from './ads-stream.ts';
import { EndpointFeeds } from './endpoint-feeds.ts';
import type { XdsListener, XdsRoutes } from './model.ts';
import { ResourceView } from './resource-view.ts';
import { meshConfigOf, type DefaultListener } from './snapshot.ts';

export interface XdsClientOptions {
  variant: ProtocolVariant;
  node: Node;
  /** Names of the listeners to serve; empty = all that the server has for this node. */
  listeners: readonly string[];
  /** What listeners without an address become. */
  defaultListener: DefaultListener;
  /** Monotonic, ms. */
  now: () => number;
  /** A config that is complete: everything that it names is known, or known not to exist. */
  onConfig: (config: MeshConfig) => void;
  /** Something of a resource is unsupported, and the rest is used. */
  onWarning: (reason: string) => void;
  /** A response was answered. */
  onAcknowledged: (type: ResourceType, error: string | undefined) => void;
}

/** For pages: by type, what is there, and what was rejected. */
export interface XdsClientStatus {
  connected: boolean;
  types: Record<ResourceType, { known: number; waitingFor: string[]; rejected: Record<string, string> }>;
}

/** How long a resource may stay unknown before it counts as missing (as in gRPC and Envoy). */
const doesNotExistMs = 15_000;

type Views = { [T in ResourceType]: ResourceView<T> };

/**
 * An xDS client without sockets: follows listeners to routes, clusters and endpoints, and tells a mesh config each time
 * that these are complete. Until then the config before stays at work ("make before break"), also while the server is away.
 */
export class XdsClient {
  readonly #options: XdsClientOptions;
  readonly #views: Views;
  readonly #feeds = new EndpointFeeds();
  #stream: AdsStream | undefined;
  /** Listeners, routes or clusters have changed since the last config. */
  #changed = false;
  /** Of the last config: followed until the next one is at work. */
  #clustersAtWork: ReadonlySet<string> = new Set();

  constructor(options: XdsClientOptions) {
    this.#options = options;
    const { listeners, onWarning, now } = options;
    const view = <T extends ResourceType>(type: T, wildcard = false) =>
      new ResourceView(type, wildcard, onWarning);
    this.#views = {
      listener: view('listener', listeners.length === 0),
      route: view('route'),
      cluster: view('cluster'),
      endpoints: view('endpoints'),
    };
    if (listeners.length > 0) this.#views.listener.want(listeners, now());
  }

  /** A stream is open. */
  connected(send: (request: ClientStreamRequest) => void): void {
    const { variant, node, now } = this.#options;
    this.#stream = adsStream(variant, node, send);
    for (const view of this.#all) view.askedAgain(now());
    for (const view of this.#all) this.#stream.subscribe(view);
  }

  disconnected(): void {
    this.#stream = undefined;
  }

  onResponse(response: ClientStreamResponse): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    const update = stream.read(response);
    const type = typeOfUrl(update.typeUrl);
    if (type === undefined)
      return this.#options.onWarning(`a response of type ${update.typeUrl} was not asked for`);
    const view = this.#views[type] as ResourceView<ResourceType>;
    const error = this.#take(view, update);
    view.answered = true;
    stream.acknowledge(view, update, error);
    this.#options.onAcknowledged(type, error);
    this.#resolve();
  }

  /** About once a second: what the server does not say a word of counts as missing in the end. */
  tick(): void {
    if (this.#stream === undefined) return;
    const late = this.#all.flatMap((view) => {
      const names = view.overdue(this.#options.now() - doesNotExistMs);
      for (const name of names)
        this.#options.onWarning(`${view.type} ${name}: no word of it; it counts as missing`);
      return names;
    });
    if (late.length === 0) return;
    this.#changed = true;
    this.#resolve();
  }

  /** The endpoints of a cluster of the config. */
  endpointsOf(cluster: string): EndpointSource {
    return this.#feeds.source(cluster);
  }

  status(): XdsClientStatus {
    const of = ({ known, names, rejected }: ResourceView<ResourceType>) => ({
      known: known.size,
      waitingFor: [...names].filter((name) => !known.has(name)),
      rejected: Object.fromEntries(rejected),
    });
    const types = Object.fromEntries(
      this.#all.map((view) => [view.type, of(view)]),
    ) as XdsClientStatus['types'];
    return { connected: this.#stream !== undefined, types };
  }

  get #all(): ResourceView<ResourceType>[] {
    return sendOrder.map((type) => this.#views[type] as ResourceView<ResourceType>);
  }

  /** @returns what is wrong with some of the resources; the others are taken all the same (gRFC A46) */
  #take(view: ResourceView<ResourceType>, update: ResourceUpdate): string | undefined {
    const errors: string[] = [];
    const present = new Set<string>();
    for (const resource of update.resources) {
      const { name, changed, error } = view.take(resource);
      present.add(name);
      if (error !== undefined) errors.push(`${view.type} "${name}" ${error}`);
      if (changed) this.#onChange(view.type);
    }
    for (const name of removedOf(view, update, present)) if (view.remove(name)) this.#onChange(view.type);
    return errors.length === 0 ? undefined : errors.join('; ');
  }

  #onChange(type: ResourceType): void {
    if (type !== 'endpoints') this.#changed = true;
  }

  /** Follows names from listeners to endpoints, asks for what is new, and tells a config when all of it is there. */
  #resolve(): void {
    const { listener, route, cluster, endpoints } = this.#views;
    const nowMs = this.#options.now();
    const listeners = valuesOf(listener);
    route.want(
      [...listeners.values()].flatMap(({ routes }) => (typeof routes === 'string' ? [routes] : [])),
      nowMs,
    );
    const named = this.#namedClusters(listeners.values());
    cluster.want([...named, ...this.#clustersAtWork], nowMs);
    endpoints.want(
      [...cluster.known.values()].map(({ value }) => value.endpoints),
      nowMs,
    );
    this.#tellEndpoints();
    for (const view of this.#all) this.#stream?.subscribe(view);
    if (!this.#changed || !this.#isComplete(named)) return;
    this.#changed = false;
    this.#publish(listeners, named);
  }

  #routesOf(listener: XdsListener): XdsRoutes | undefined {
    const { routes } = listener;
    return typeof routes === 'string' ? this.#views.route.known.get(routes)?.value : routes;
  }

  #namedClusters(listeners: Iterable<XdsListener>): ReadonlySet<string> {
    const hosts = [...listeners].flatMap((listener) => this.#routesOf(listener)?.virtualHosts ?? []);
    const routes = hosts.flatMap((host) => host.routes);
    return new Set(
      routes.flatMap((one) => [...servicesOf(one), ...(one.mirrors ?? [])].map(({ service }) => service)),
    );
  }

  #isComplete(clusters: ReadonlySet<string>): boolean {
    const { listener, route, cluster, endpoints } = this.#views;
    if (
      listener.wildcard ? !listener.answered : ![...listener.names].every((name) => listener.isSettled(name))
    )
      return false;
    if (![...route.names].every((name) => route.isSettled(name))) return false;
    return [...clusters].every((name) => {
      const known = cluster.known.get(name);
      return known === undefined ? cluster.absent.has(name) : endpoints.isSettled(known.value.endpoints);
    });
  }

  #publish(listeners: ReadonlyMap<string, XdsListener>, named: ReadonlySet<string>): void {
    const { cluster } = this.#views;
    const clusters = new Map([...named].map((name) => [name, cluster.known.get(name)?.value]));
    const config = meshConfigOf(
      { listeners, routesOf: (one) => this.#routesOf(one), clusters },
      this.#options.defaultListener,
    );
    for (const name of named) if (!cluster.known.has(name)) this.#feeds.tell(name, undefined);
    this.#options.onConfig(config);
    const before = this.#clustersAtWork;
    this.#clustersAtWork = named;
    this.#feeds.retain(named);
    // What only the config before named is not followed any more.
    if ([...before].some((name) => !named.has(name))) this.#resolve();
  }

  #tellEndpoints(): void {
    const { cluster, endpoints } = this.#views;
    for (const name of cluster.names) {
      const known = cluster.known.get(name);
      const set = known && endpoints.known.get(known.value.endpoints)?.value;
      const isAbsent =
        known === undefined ? cluster.absent.has(name) : endpoints.absent.has(known.value.endpoints);
      // What is at work keeps its endpoints until a config without it is.
      if (set !== undefined || (isAbsent && !this.#clustersAtWork.has(name))) this.#feeds.tell(name, set);
    }
  }
}

function valuesOf(view: ResourceView<'listener'>): ReadonlyMap<string, XdsListener> {
  return new Map([...view.known].map(([name, { value }]) => [name, value]));
}

/** In the state of the world, listeners and clusters that a response leaves out are gone; routes and endpoints are not. */
function removedOf(
  view: ResourceView<ResourceType>,
  { removed }: ResourceUpdate,
  present: ReadonlySet<string>,
): readonly string[] {
  if (removed !== 'rest') return removed;
  // One that cannot be read has no name: it may be any that seems to be missing.
  if (!isWholeSet(view.type) || present.has('')) return [];
  const before = new Set([...view.known.keys(), ...view.names]);
  return [...before].filter((name) => !present.has(name));
}
