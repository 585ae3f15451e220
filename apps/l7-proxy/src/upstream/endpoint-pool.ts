import { addressesOf, endpointKey, type Endpoint } from '@evenly/endpoints';
import type { ReachedEndpoint } from '@evenly/balancing';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { Service } from '@evenly/mesh-config';
import { LatencyCounts } from '../stats/latency-counts.ts';
import { connectUpstream, type UpstreamOptions } from './connect.ts';
import type { UpstreamConnection } from './connection.ts';
import { connectHttp1 } from './http1/connect-http1.ts';

/** Waits between failed connects: 50 ms, doubled each time, at most this, ±20 % so that proxies do not come together. */
const backoff = { firstMs: 50, mostMs: 1000 } as const;
/** While calls wait: between two attempts to connect, and so much more for each endpoint of the service, which all are tried. */
const urgent = { leastMs: 50, perEndpointMs: 2 } as const;
/** How long calls may go on on a connection that gets no new ones, before it is cut. */
const retireTimeoutMs = 3_600_000;
/** Connections beyond the first are closed after this long without a call. */
const spareIdleMs = 60_000;

export interface PoolContext {
  /** What the endpoint speaks; undefined: HTTP/2. */
  protocol?: Service['protocol'];
  upstream: UpstreamOptions;
  /** TLS towards the endpoint; asked for each connection, so that new certificates count at once. */
  tls?: () => TlsOptions;
  random: () => number;
  /** How old a connection gets, ±10 %, before another takes its place; undefined: as old as it likes. */
  maxAgeMs: number | undefined;
}

export interface PoolListener {
  /** Whether calls can be sent has changed. */
  onReadiness(): void;
  /** Connecting failed; it will be tried again. */
  onFailure(): void;
  /** How many endpoints the service has, if calls wait for a connection to any; else 0. */
  wantedOf(): number;
  /** There is room for calls that wait. */
  onCapacity(): void;
  /** Whether a connection beyond the first is allowed. */
  mayGrow(): boolean;
  /** Calls that wait for a connection, to any endpoint of the service. */
  waiting(): number;
}

/**
 * The connections to one endpoint: one, kept open ahead of need, and more while its streams do not suffice. A connection
 * that says GOAWAY, or gets old, is replaced while its calls go on.
 */
export class EndpointPool {
  readonly key: string;
  /** May be replaced by another description of the same address. */
  endpoint: Endpoint;
  calls = 0;
  failures = 0;
  /** Of attempts. */
  readonly latency = new LatencyCounts();
  connects = 0;
  connectFailures = 0;
  /** Why there is no connection; undefined while there is one. */
  lastError: string | undefined;
  readonly #context: PoolContext;
  readonly #listener: PoolListener;
  readonly #ready: UpstreamConnection[] = [];
  /** Of those, which may have room: a busy endpoint can have a thousand that have none. */
  readonly #withRoom = new Set<UpstreamConnection>();
  #lastUsed: UpstreamConnection | undefined;
  readonly #all = new Map<UpstreamConnection, Life>();
  readonly #connecting = new Set<UpstreamConnection>();
  /** Until then there are no more connections beyond the first: the last attempt failed. */
  #noGrowthUntilMs = 0;
  #retry: NodeJS.Timeout | undefined;
  #triedAtMs = 0;
  #failed = 0;
  /** Which of the endpoint's addresses is tried: the one that connected last, until it does not. */
  #address = 0;
  /** How many of them have not connected, one after the other. */
  #addressesFailed = 0;
  #retired = false;

  constructor(endpoint: Endpoint, context: PoolContext, listener: PoolListener) {
    this.key = endpointKey(endpoint);
    this.endpoint = endpoint;
    this.#context = context;
    this.#listener = listener;
    this.#connect();
  }

  get isReady(): boolean {
    return this.#ready.length > 0;
  }

  get state(): ReachedEndpoint<unknown>['connection'] {
    if (this.isReady) return 'usable';
    return this.lastError === undefined ? 'connecting' : 'failed';
  }

  /** Open ones, and those being opened or retired. */
  get connectionCount(): number {
    return this.#all.size;
  }

  /** A connection that takes a call now. When all are full another is opened, for the calls after this one. */
  get connection(): UpstreamConnection | undefined {
    // The first one first: the others are closed when they are not needed any more.
    const first = this.#ready[0];
    if (first !== undefined && first.availableStreams > 0) return first;
    const last = this.#lastUsed;
    if (last !== undefined && last.availableStreams > 0) return last;
    for (const connection of this.#withRoom) {
      if (connection.availableStreams > 0) return (this.#lastUsed = connection);
      if (!connection.isBlocked) this.#withRoom.delete(connection); // until it says that it has room
    }
    // An endpoint that does not read would not read another connection either.
    if (this.isReady && !this.#ready.some(({ isBlocked }) => isBlocked)) this.#grow();
    return undefined;
  }

  /** Calls wait: the next attempt to connect comes soon, however often it has failed. */
  hurry(): void {
    if (this.#retry !== undefined) this.#connectIn(this.#urgentMs());
  }

  /** No new calls; those under way go on. */
  retire(): void {
    this.#retired = true;
    clearTimeout(this.#retry);
    this.#ready.length = 0;
    this.#withRoom.clear();
    this.#lastUsed = undefined;
    for (const connection of [...this.#all.keys()]) connection.drain(retireTimeoutMs);
  }

  /** Cuts everything. */
  close(): void {
    this.retire();
    for (const connection of [...this.#all.keys()]) connection.close();
  }

  /** As many as the calls that wait need, but at most twice as many at a time. */
  #grow(): void {
    if (this.#context.upstream.loop.now() < this.#noGrowthUntilMs) return;
    const streams = this.#ready.reduce(
      (most, { peerSettings }) => Math.max(most, peerSettings.maxConcurrentStreams),
      0,
    );
    // Who takes no streams at all on these connections takes none on others.
    const needed = streams === 0 ? 0 : Math.ceil(Math.max(1, this.#listener.waiting()) / streams);
    const most = Math.min(needed, this.#ready.length);
    while (this.#connecting.size < most && this.#listener.mayGrow()) this.#open();
  }

  #connect(): void {
    if (this.#connecting.size === 0 && !this.#retired) this.#open();
  }

  #open(): void {
    this.connects++;
    this.#triedAtMs = this.#context.upstream.loop.now();
    const idleMs = this.isReady ? spareIdleMs : 0;
    const tls = this.#context.tls?.();
    const addresses = addressesOf(this.endpoint);
    const address = addresses[this.#address % addresses.length]!;
    const { upstream, protocol } = this.#context;
    const connect = protocol === 'http1' ? connectHttp1 : connectUpstream;
    const connection: UpstreamConnection = connect(this.endpoint, address, upstream, idleMs, tls, {
      onReady: () => this.#onReady(connection),
      onCapacity: () => this.#onCapacity(connection),
      onGoaway: () => this.#leave(connection),
      onClose: (error) => this.#onClose(connection, error),
    });
    this.#connecting.add(connection);
    this.#all.set(connection, {});
  }

  #onReady(connection: UpstreamConnection): void {
    this.#connecting.delete(connection);
    this.lastError = undefined;
    this.#addressesFailed = 0;
    if (this.#retired) return connection.drain(retireTimeoutMs);
    this.#ready.push(connection);
    this.#withRoom.add(connection);
    const { maxAgeMs, upstream, random } = this.#context;
    const life: Life = { readyAtMs: upstream.loop.now() };
    if (maxAgeMs !== undefined) {
      life.age = setTimeout(() => this.#replace(connection), maxAgeMs * (0.9 + 0.2 * random())).unref();
    }
    this.#all.set(connection, life);
    this.#listener.onReadiness();
  }

  #onCapacity(connection: UpstreamConnection): void {
    if (this.#all.get(connection)?.readyAtMs !== undefined) this.#withRoom.add(connection);
    this.#listener.onCapacity();
  }

  /** At the end of its age: its streams end on it, new ones come to the next. */
  #replace(connection: UpstreamConnection): void {
    this.#leave(connection);
    connection.drain(retireTimeoutMs);
  }

  /** The connection takes no more streams. */
  #leave(connection: UpstreamConnection): void {
    const index = this.#ready.indexOf(connection);
    if (index < 0) return;
    this.#ready.splice(index, 1);
    this.#withRoom.delete(connection);
    if (this.#lastUsed === connection) this.#lastUsed = undefined;
    // One that did not live has failed too: an endpoint that accepts and hangs up is not to be called without a pause.
    const readyAtMs = this.#all.get(connection)?.readyAtMs ?? 0;
    const ageMs = this.#context.upstream.loop.now() - readyAtMs;
    const lived = ageMs >= backoff.mostMs || connection.hasServed === true;
    if (lived) this.#failed = 0;
    if (this.isReady) return;
    if (lived) this.#connect();
    else this.#connectLater();
    this.#listener.onReadiness();
  }

  #onClose(connection: UpstreamConnection, error: Error | undefined): void {
    clearTimeout(this.#all.get(connection)?.age);
    this.#all.delete(connection);
    if (error !== undefined) this.lastError = error.message;
    this.#withRoom.delete(connection);
    if (!this.#connecting.delete(connection)) return this.#leave(connection);
    this.#noGrowthUntilMs = this.#context.upstream.loop.now() + backoff.mostMs;
    this.lastError = error?.message ?? 'cannot connect';
    this.connectFailures++;
    if (this.#connectElsewhere()) return;
    this.#connectLater();
    this.#listener.onFailure();
  }

  /** To the next address at once; where none connects, the endpoint has failed (gRFC A61). */
  #connectElsewhere(): boolean {
    if (this.#retired || this.isReady) return false;
    const { length } = addressesOf(this.endpoint);
    this.#address = (this.#address + 1) % length;
    if (++this.#addressesFailed >= length) {
      this.#addressesFailed = 0;
      return false;
    }
    this.#connect();
    return true;
  }

  #connectLater(): void {
    if (this.#retired || this.isReady) return;
    const { random } = this.#context;
    const waitMs = Math.min(backoff.mostMs, backoff.firstMs * 2 ** this.#failed++) * (0.8 + 0.4 * random());
    this.#connectIn(Math.min(waitMs, this.#urgentMs()));
  }

  #connectIn(waitMs: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#connect();
    }, waitMs).unref();
  }

  /** Infinity: nobody waits. */
  #urgentMs(): number {
    const endpoints = this.#listener.wantedOf();
    if (endpoints === 0) return Infinity;
    const dueMs = this.#triedAtMs + urgent.leastMs + urgent.perEndpointMs * endpoints;
    return Math.max(0, dueMs - this.#context.upstream.loop.now());
  }
}

/** What is known of a connection; the times are undefined while it is being opened. */
interface Life {
  readyAtMs?: number;
  age?: NodeJS.Timeout;
}
