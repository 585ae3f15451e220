import type { Node } from '@evenly/proto/envoy/config/core/v3/base';
import type { ProtocolVariant } from '../protocol-variant.ts';
import { XdsError } from '../errors.ts';
import { bytesPerName, defaultLimits, type StreamLimits } from '../limits.ts';
import { anonymousNode, isGrpc, nodeInfo, type NodeInfo } from '../node.ts';
import type { Resource } from '../resource.ts';
import type { ResourceCache } from '../resource-cache.ts';
import { isWholeSet, sendOrder, typeOfUrl, typeUrlOf, type ResourceType } from '../resource-type.ts';
import { isPlainAck } from './plain-ack.ts';
import { planFor, waitsForTheWhole, type Plan } from './plan.ts';
import { reject } from './rejection.ts';
import { mayRemoveClusters } from './removal-gate.ts';
import { RequestBudget } from './request-budget.ts';
import { nonceLength, type EncodedResponse } from './response-encoder.ts';
import { Subscription, type SubscriptionChange } from './subscription.ts';
import {
  acknowledge,
  demand,
  newTypeState,
  type Known,
  type Nack,
  type Outstanding,
  type TypeState,
} from './type-state.ts';

export interface StreamOptions {
  cache: ResourceCache;
  /** Takes one response, whose bytes are valid during the call. */
  send: (response: EncodedResponse, type: ResourceType) => void;
  /** Milliseconds, from any fixed point. */
  now: () => number;
  /** The address that the stream comes from, without the port. */
  peer?: string;
  /** The types that this stream serves: all on an aggregated stream, one on a type's own. */
  types?: readonly ResourceType[];
  limits?: Partial<StreamLimits>;
  /**
   * Told when clusters that the client has are sent with other content. On an aggregated stream their endpoints follow
   * by themselves; where endpoints have a stream of their own, that one must `resend` them.
   */
  onClustersChanged?: (names: readonly string[]) => void;
  /**
   * Told how many bytes more (or fewer) the stream holds of what its client said: names, and words of rejections.
   * @throws XdsError OUT_OF_MEMORY when that is too much
   */
  onHeld?: (bytes: number) => void;
  /** Told when the client subscribes to other resources: who is told what changes there need not ask all streams. */
  onSubscription?: (type: ResourceType, change: SubscriptionChange, now: Subscription) => void;
}

/** What a request said of the response before it. */
export interface Acknowledgement {
  said: 'subscribe' | 'ack' | 'nack' | 'stale';
  type: ResourceType;
  /** From the response to its ACK or NACK. */
  latencyMs?: number;
  /** Of the response that is acknowledged or rejected. */
  nonce?: string;
  /** A NACK of what was rejected before, and sent again: nothing new for people. */
  isAgain?: boolean;
}

/**
 * What both protocol variants have in common: who the client is, what it has of each type, what it should get next and
 * in which order. No sockets, no timers. How requests are read and responses written is the variants' business.
 * Rules: https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol
 */
export abstract class XdsStream {
  abstract readonly variant: ProtocolVariant;
  protected readonly cache: ResourceCache;
  protected readonly send: StreamOptions['send'];
  readonly limits: StreamLimits;
  readonly #options: StreamOptions;
  readonly #types = new Map<ResourceType, TypeState>();
  readonly #budget: RequestBudget;
  #node: NodeInfo = anonymousNode;
  #nonce = 0;
  #heldBytes = 0;
  #heldWords = 0;
  /** Since when clusters that are gone stay with the client; undefined: none do. */
  #heldSinceMs: number | undefined;
  /** Updates of listeners or routes wait for an acknowledgement. */
  #waiting = false;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.cache = options.cache;
    this.send = options.send;
    this.limits = { ...defaultLimits, ...options.limits };
    this.#budget = new RequestBudget(this.limits, options.now());
  }

  /** Bytes that are held of what the client said. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Who the client is; anonymous until its first request. */
  get node(): NodeInfo {
    return this.#node;
  }

  /** What the client has of each type. */
  get types(): ReadonlyMap<ResourceType, Readonly<TypeState>> {
    return this.#types;
  }

  /**
   * Sends what has changed for this client; nothing that is unchanged, nothing before what it refers to.
   * @param changed the types in which something has changed that it subscribes to
   */
  onCacheChange(changed: Iterable<ResourceType> = sendOrder): void {
    for (const type of changed) {
      const state = this.#types.get(type);
      if (state !== undefined) state.stale = true;
    }
    this.#budget.earn(this.#types.size); // the client answers each response: updates must not be what ends its stream
    this.#sendUpdates();
  }

  /** Sends what had to wait until the cache is whole, and says what turned out to be missing. */
  onWhole(): void {
    for (const state of this.#types.values())
      for (const name of state.subscription.names) if (!state.sent.has(name)) demand(state, name);
    this.onCacheChange();
  }

  /** Sends these again though they are unchanged, if the client subscribes to them. */
  resend(type: ResourceType, names: readonly string[]): void {
    const state = this.#types.get(type);
    if (state === undefined) return;
    for (const name of names) if (state.subscription.wants(name)) demand(state, name);
    this.#sendUpdates();
  }

  /** To be called now and then (each second, say): lets go of what has waited too long, tries again what was rejected. */
  tick(): void {
    let isDue = this.#waiting || this.#heldSinceMs !== undefined;
    for (const state of this.#types.values()) {
      if (state.nacked === undefined || !this.#hasRetry(state.nacked)) continue;
      state.stale = true;
      isDue = true;
    }
    if (isDue) this.#sendUpdates();
  }

  #hasRetry(nacked: ReadonlyMap<string, Nack>): boolean {
    const nowMs = this.#options.now();
    for (const { retryAtMs } of nacked.values()) if (nowMs >= retryAtMs) return true;
    return false;
  }

  /**
   * Takes a request that is an ACK and says just what was expected, without decoding it.
   * @returns undefined for any other request, which is yet to be taken
   * @throws XdsError TOO_MANY_REQUESTS
   */
  onPlainAck(bytes: Uint8Array): Acknowledgement | undefined {
    if (this.#node === anonymousNode) return undefined; // the request may say who it is
    for (const [type, state] of this.#types) {
      if (state.outstanding === undefined || !this.#isAck(bytes, type, state, state.outstanding)) continue;
      this.#budget.take(this.#options.now());
      const said = this.settle(type, state, undefined);
      this.#sendUpdates();
      return said;
    }
    return undefined;
  }

  #isAck(bytes: Uint8Array, type: ResourceType, { subscription }: TypeState, sent: Outstanding): boolean {
    const names = this.variant === 'sotw' ? subscription.listed : none;
    if (names === undefined) return false;
    return isPlainAck(bytes, this.variant, {
      typeUrl: typeUrlOf(type),
      version: sent.version,
      nonce: sent.nonce,
      names,
    });
  }

  /**
   * @param comesBack whether the request says that the client has resources already
   * @throws XdsError TOO_MANY_REQUESTS, UNKNOWN_TYPE
   */
  protected begin(
    request: { node?: Node | undefined; typeUrl: string },
    comesBack: boolean,
  ): { type: ResourceType; state: TypeState } {
    this.#budget.take(this.#options.now());
    // Clients say who they are in the first request only.
    if (request.node !== undefined && this.#node === anonymousNode) {
      const { types, peer } = this.#options;
      this.#node = nodeInfo(request.node, types?.length !== 1, comesBack, peer);
    }
    const type = typeOfUrl(request.typeUrl);
    if (type === undefined || (this.#options.types !== undefined && !this.#options.types.includes(type))) {
      throw new XdsError('UNKNOWN_TYPE', `this stream does not serve "${request.typeUrl.slice(0, 256)}"`);
    }
    let state = this.#types.get(type);
    if (state === undefined) {
      state = newTypeState(new Subscription(type, this.limits, this.cache.names));
      this.#types.set(type, state);
    }
    return { type, state };
  }

  /** Takes the client's word on what is outstanding. @param error undefined for an ACK */
  protected settle(type: ResourceType, state: TypeState, error: string | undefined): Acknowledgement {
    const settled = state.outstanding;
    if (settled === undefined) return { said: 'subscribe', type };
    state.outstanding = undefined;
    const nowMs = this.#options.now();
    const latencyMs = nowMs - settled.sentAtMs;
    if (error === undefined) {
      acknowledge(state, settled);
      return { said: 'ack', type, nonce: settled.nonce, latencyMs };
    }
    const rejection = { error, atMs: nowMs, takesTheRest: this.#takesTheRest(type) };
    const { isAgain } = reject(state, settled, rejection, this.limits);
    this.#holdWords();
    return { said: 'nack', type, nonce: settled.nonce, latencyMs, isAgain };
  }

  /** Envoy stops at the first bad one of several routes or endpoints (GrpcMuxImpl::processDiscoveryResources). */
  #takesTheRest(type: ResourceType): boolean {
    return isWholeSet(type) || isGrpc(this.#node.kind) || this.#node.kind === 'proxy';
  }

  /** The client has nothing of this type any more, and will not answer what was last sent. */
  protected forget(state: TypeState): void {
    state.sent.clear();
    state.acked.clear();
    state.nacked = undefined;
    this.#holdWords();
    state.outstanding = undefined;
    state.lastNonce = '';
    state.ackedVersion = undefined;
    state.lastError = undefined;
    state.responseDue = true;
    state.stale = true;
  }

  /** Takes a change of the subscription, if any, and sends what is due then. */
  protected subscribe(type: ResourceType, state: TypeState, change: SubscriptionChange | undefined): void {
    if (change !== undefined) {
      this.hold(bytesOf(change.added) - bytesOf(change.dropped));
      this.#options.onSubscription?.(type, change, state.subscription);
      this.#resubscribe(state, change);
    }
    this.#sendUpdates();
  }

  protected hold(bytes: number): void {
    this.#heldBytes += bytes;
    this.#options.onHeld?.(bytes);
  }

  /** Words of a client are few, or many and long: they are counted anew when some come. */
  #holdWords(): void {
    let bytes = 0;
    for (const { nacked } of this.#types.values())
      for (const { error } of nacked?.values() ?? []) bytes += error.length;
    this.hold(bytes - this.#heldWords);
    this.#heldWords = bytes;
  }

  #resubscribe(state: TypeState, { added, dropped, wildcardAdded }: SubscriptionChange): void {
    state.stale = true;
    for (const name of dropped) {
      if (state.subscription.wants(name)) demand(state, name);
    }
    for (const known of [state.sent, state.acked, state.demanded]) {
      for (const name of known?.keys() ?? []) if (!state.subscription.wants(name)) known!.delete(name);
    }
    // What it has from an earlier stream is no new demand.
    const isKnown = (name: string) => state.lastNonce === '' && state.sent.has(name);
    const demanded = added.filter((name) => !isKnown(name));
    for (const name of demanded) demand(state, name);
    if (wildcardAdded || demanded.length > 0) state.responseDue = true;
  }

  /** Notes a response as outstanding: what it says is there, and what is not. @returns its nonce */
  protected responded(
    state: TypeState,
    version: string,
    resources: readonly Resource[],
    gone: readonly string[],
  ): string {
    // Unique among the last 10^8 of the stream; always as long.
    this.#nonce = (this.#nonce + 1) % 10 ** nonceLength;
    const nonce = String(this.#nonce).padStart(nonceLength, '0');
    const sentAtMs = this.#options.now();
    const given: Known[] = [];
    // A whole number, for V8 keeps others as objects of their own, and there is one for each name of each client.
    const firstSentAtMs = Math.round(sentAtMs);
    for (const item of resources) {
      const before = state.sent.get(item.name);
      const known =
        before?.resource === item
          ? before
          : { name: item.name, version: item.version, resource: item, sentAtMs: firstSentAtMs };
      given.push(known);
      state.sent.set(item.name, known);
    }
    for (const name of gone) state.sent.delete(name);
    state.demanded = undefined;
    state.responseDue = false;
    state.outstanding = { nonce, version, sentAtMs, given, gone };
    state.lastNonce = nonce;
    state.sentVersion = version;
    return nonce;
  }

  /** Writes a response for this plan, if it holds any update in this variant of the protocol. */
  protected abstract respond(type: ResourceType, state: TypeState, plan: Plan): void;

  /**
   * One response a type at a time. Listeners and routes wait until what they may refer to is acknowledged. Endpoints do
   * not wait for clusters: Envoy acknowledges a new cluster only once it has its endpoints, or after 15 s without.
   */
  #sendUpdates(): void {
    let acknowledged = true;
    this.#waiting = false;
    for (const type of sendOrder) {
      const state = this.#types.get(type);
      if (state === undefined) continue;
      // Most calls follow an ACK, with nothing new of any type.
      const mayHaveUpdate =
        state.outstanding === undefined && (state.stale || (state.demanded?.size ?? 0) > 0);
      if (mayHaveUpdate && !acknowledged && type !== 'endpoints') this.#waiting = true;
      else if (mayHaveUpdate) this.#sendUpdateOf(type, state);
      if (this.#isAwaited(state)) acknowledged = false;
    }
  }

  /** A client that does not answer at all must not keep the rest from itself for ever. */
  #isAwaited({ outstanding }: TypeState): boolean {
    return outstanding !== undefined && this.#options.now() - outstanding.sentAtMs < this.limits.holdMs;
  }

  #sendUpdateOf(type: ResourceType, state: TypeState): void {
    const nowMs = this.#options.now();
    const context = { cache: this.cache, node: this.#node, nowMs };
    if (waitsForTheWhole(type, state, context)) return;
    const plan = planFor(type, state, context, () => this.#mayRemove(type, nowMs));
    if (type === 'cluster') this.#heldSinceMs = plan.keepsGone ? (this.#heldSinceMs ?? nowMs) : undefined;
    const updated = type === 'cluster' ? plan.changed.filter(({ name }) => state.sent.has(name)) : [];
    this.respond(type, state, plan);
    state.stale = plan.keepsGone || plan.hasMore;
    if (updated.length > 0) this.#endpointsFollow(updated.map(({ name }) => name));
  }

  /** A client that takes a changed cluster waits for its endpoints anew: Envoy's warming (go-control-plane#1035). */
  #endpointsFollow(clusters: readonly string[]): void {
    const endpoints = this.#types.get('endpoints');
    for (const name of clusters) if (endpoints?.subscription.wants(name)) demand(endpoints, name);
    this.#options.onClustersChanged?.(clusters);
  }

  /** Whether resources that are gone may be taken from the client now: clusters not before what replaces them. */
  #mayRemove(type: ResourceType, nowMs: number): boolean {
    if (type !== 'cluster' || mayRemoveClusters(this.#types, this.cache, this.#node)) return true;
    return nowMs - (this.#heldSinceMs ?? nowMs) >= this.limits.holdMs;
  }
}

const none: readonly string[] = [];

export const bytesOf = (names: readonly string[]): number =>
  names.reduce((sum, { length }) => sum + length + bytesPerName, 0);
