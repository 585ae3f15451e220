import type { DiscoveryRequest, DiscoveryResponse } from '@evenly/proto/envoy/service/discovery/v3/discovery';
import { XdsError } from '../errors.ts';
import { versionOf, type Resource } from '../resource.ts';
import type { ResourceCache } from '../resource-cache.ts';
import { isWholeSet, sendOrder, typeOfUrl, typeUrlOf, type ResourceType } from '../resource-type.ts';
import { maxNames, Subscription } from './subscription.ts';

/** What a client was last sent in one type and what it said to that; for status pages. */
export interface TypeStatus {
  subscribed: string[];
  sentVersion?: string;
  ackedVersion?: string;
  /** The last response was rejected, with the client's words. Its content is not sent again until it changes. */
  nack?: { version: string; error: string };
}

interface TypeState {
  subscription: Subscription;
  /** Name → version of what the client was last sent, accepted or not: nothing is sent twice. */
  sent: Map<string, string>;
  /** The response that is not answered yet. While there is one no other is sent: a slow client skips versions. */
  outstanding?: { nonce: string; version: string };
  lastNonce: string;
  status: Omit<TypeStatus, 'subscribed'>;
}

/**
 * One state-of-the-world stream (ADS, or one type's own): requests in, responses out through `send`. No sockets.
 * Rules: https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol
 */
export class SotwStream {
  readonly #cache: ResourceCache;
  readonly #send: (response: DiscoveryResponse) => void;
  readonly #types = new Map<ResourceType, TypeState>();
  #nonce = 0;
  #nodeId = '';

  constructor(cache: ResourceCache, send: (response: DiscoveryResponse) => void) {
    this.#cache = cache;
    this.#send = send;
  }

  /** The client's own name; known from the first request on. */
  get nodeId(): string {
    return this.#nodeId;
  }

  get status(): Partial<Record<ResourceType, TypeStatus>> {
    const rows = [...this.#types].map(([type, { subscription, status }]) => {
      const subscribed = [...(subscription.wildcard ? ['*'] : []), ...subscription.names];
      return [type, { subscribed, ...status }];
    });
    return Object.fromEntries(rows) as Partial<Record<ResourceType, TypeStatus>>;
  }

  /**
   * Takes a request: a subscription, an ACK, a NACK, or several of these at once.
   * @returns what the request said of the response before it, for metrics
   * @throws XdsError UNKNOWN_TYPE or TOO_MANY_NAMES; the stream should be ended with it
   */
  onRequest(request: DiscoveryRequest): 'ack' | 'nack' | 'stale' | 'subscribe' {
    if (request.node !== undefined && this.#nodeId === '') this.#nodeId = request.node.id;
    const type = typeOfUrl(request.typeUrl);
    if (type === undefined)
      throw new XdsError('UNKNOWN_TYPE', `this server does not serve "${request.typeUrl}"`);
    if (request.resourceNames.length > maxNames) {
      throw new XdsError(
        'TOO_MANY_NAMES',
        `${request.resourceNames.length} names; at most ${maxNames} are taken`,
      );
    }
    const state = this.#stateOf(type);
    // The client wrote this before it saw our last response; it will answer that one too, with its newest names.
    if (state.lastNonce !== '' && request.responseNonce !== state.lastNonce) return 'stale';

    const answer = takeAnswer(state, request);
    const { added, wildcardAdded } = state.subscription.update(request.resourceNames);
    for (const name of state.sent.keys()) if (!state.subscription.wants(name)) state.sent.delete(name);
    // Names that are new to the subscription are sent even if the client had them once: it may have forgotten them.
    for (const name of added) state.sent.delete(name);
    const asked = wildcardAdded || added.length > 0;
    this.#sendNews(type, state, asked && isWholeSet(type));
    return answer;
  }

  /** Sends what has changed for this client, in an order in which nothing is used before it is known. */
  onCacheChange(changed: ReadonlySet<ResourceType>): void {
    for (const type of sendOrder) {
      const state = changed.has(type) ? this.#types.get(type) : undefined;
      if (state !== undefined) this.#sendNews(type, state, false);
    }
  }

  #stateOf(type: ResourceType): TypeState {
    let state = this.#types.get(type);
    if (state === undefined) {
      state = { subscription: new Subscription(type), sent: new Map(), lastNonce: '', status: {} };
      this.#types.set(type, state);
    }
    return state;
  }

  /** @param always send the whole set even if nothing of it is news: the answer to a new subscription */
  #sendNews(type: ResourceType, state: TypeState, always: boolean): void {
    if (state.outstanding !== undefined) return;
    const wanted = this.#wanted(type, state.subscription);
    const changed = wanted.filter(({ name, version }) => state.sent.get(name) !== version);
    const wantedNames = new Set(wanted.map(({ name }) => name));
    const removed = [...state.sent.keys()].filter((name) => !wantedNames.has(name));
    for (const name of removed) state.sent.delete(name);

    if (isWholeSet(type)) {
      if (always || changed.length > 0 || removed.length > 0) this.#respond(type, state, wanted);
    } else if (changed.length > 0) {
      this.#respond(type, state, changed);
    }
  }

  #wanted(type: ResourceType, subscription: Subscription): Resource[] {
    if (subscription.wildcard) return [...this.#cache.all(type).values()];
    return [...subscription.names].flatMap((name) => this.#cache.get(type, name) ?? []);
  }

  #respond(type: ResourceType, state: TypeState, resources: readonly Resource[]): void {
    const nonce = String(++this.#nonce);
    const version = versionOf(resources);
    for (const item of resources) state.sent.set(item.name, item.version);
    state.outstanding = { nonce, version };
    state.lastNonce = nonce;
    state.status.sentVersion = version;
    this.#send({
      versionInfo: version,
      resources: resources.map(({ body }) => body),
      canary: false,
      typeUrl: typeUrlOf(type),
      nonce,
      resourceErrors: [],
    });
  }
}

/** What a request says of the response that is outstanding. A NACK is known by its error, never by its version. */
function takeAnswer(state: TypeState, request: DiscoveryRequest): 'ack' | 'nack' | 'subscribe' {
  const answered = state.outstanding;
  if (answered === undefined) return 'subscribe';
  delete state.outstanding;
  if (request.errorDetail !== undefined) {
    state.status.nack = { version: answered.version, error: request.errorDetail.message };
    return 'nack';
  }
  state.status.ackedVersion = answered.version;
  delete state.status.nack;
  return 'ack';
}
