import { isDeepStrictEqual } from 'node:util';
import {
  CircuitBreaker,
  createBalancer,
  hostSpecs,
  pickExcept,
  type Balancer,
  type CallOutcome,
  type EligibleEndpoint,
  type Host,
  type HostSpec,
  type OutcomeTable,
  type Viewer,
} from '@evenly/balancing';
import type { HealthReport } from '@evenly/discovery';
import { DiscoveryError, endpointKey, type Endpoint, type EndpointSource } from '@evenly/endpoints';
import { regionsOf, type Policy, type Service, type UpstreamTls } from '@evenly/mesh-config';
import type { Certificates } from '@evenly/tls';
import { balancerOptions, breakerOptions, maxConnections, outcomeTable } from './balancer-options.ts';
import { EndpointPool, type PoolContext } from './endpoint-pool.ts';
import { usableEndpoints } from './hosts.ts';
import { upstreamTlsOptions } from './upstream-tls.ts';
import { WaitingCalls, type WaitingCall } from './waiting-calls.ts';

export interface ClusterContext extends Omit<PoolContext, 'tls' | 'protocol'> {
  /** The certificates of services with TLS. */
  certificatesOf: (tls: UpstreamTls) => Certificates;
  /** Where this proxy is, and who. */
  identity: Viewer;
  /** The endpoints of a service, or of one of its subsets; with health checks, what these find is told too. */
  sourceOf(
    service: Service,
    subset: string | undefined,
    onReport: (report: HealthReport) => void,
  ): EndpointSource;
  /** For the log. */
  onEndpoints: (cluster: string, endpoints: readonly Endpoint[]) => void;
  onSourceError: (cluster: string, error: DiscoveryError) => void;
  onSourceRecovered: (cluster: string) => void;
  /** Time may change something from now on. Called with each call, so it is quick. */
  onNeedsTicks: () => void;
}

/** How often another host is looked for when the one picked has no room. */
const otherHosts = 3;

/**
 * A service, or one of its subsets, as the target of calls: its endpoints, a pool of connections for each, and who gets
 * the next call.
 */
export class Cluster {
  /** The service's name, with the subset's behind a "/". */
  readonly name: string;
  readonly waiting = new WaitingCalls();
  breaker: CircuitBreaker;
  /** Which answers are an endpoint's fault. */
  outcomes: OutcomeTable;
  /** Why the endpoints may be old; undefined while all is well. */
  sourceError: string | undefined;
  /** Why endpoints that the source has told get no calls; undefined while all of them are used. */
  unusable: string | undefined;
  readonly #context: ClusterContext;
  readonly #subset: string | undefined;
  readonly #pools = new Map<string, EndpointPool>();
  #service: Service;
  #balancer: Balancer<EndpointPool>;
  #source: EndpointSource;
  #stopSource: () => void = () => undefined;
  /** What the source told last; undefined before it has told anything. */
  #endpoints: readonly Endpoint[] | undefined;
  /** Those of them that may get calls, by key: each has a pool. */
  #eligible: ReadonlyMap<string, EligibleEndpoint> = new Map();
  #report: HealthReport = [];
  #refreshing = false;
  #closed = false;

  constructor(service: Service, subset: string | undefined, context: ClusterContext) {
    this.name = subset === undefined ? service.name : `${service.name}/${subset}`;
    this.#service = service;
    this.#subset = subset;
    this.#context = context;
    this.breaker = new CircuitBreaker(breakerOptions(service.policy));
    this.outcomes = outcomeTable(service.policy);
    this.#balancer = createBalancer(balancerOptions(service.policy, context.random));
    this.#source = context.sourceOf(service, subset, (report) => (this.#report = report));
  }

  /** Follows the endpoints; once, when the config that describes it is put to work. */
  start(): void {
    this.#stopSource = this.#watch();
  }

  get policy(): Policy {
    return this.#service.policy;
  }

  /** What endpoints get as `:scheme`; undefined: the client's. */
  get scheme(): 'http' | 'https' | undefined {
    const { policy, tls } = this.#service;
    if (policy.scheme !== 'match-upstream') return undefined;
    return tls === undefined ? 'http' : 'https';
  }

  get sourceDescription(): string {
    return this.#source.description;
  }

  /** Endpoints that fail their health check, and how; those get no calls unless nobody answers at all. */
  get unhealthy(): HealthReport {
    return this.#report.filter(({ healthy }) => !healthy);
  }

  get pools(): Iterable<EndpointPool> {
    return this.#pools.values();
  }

  get hosts(): readonly Host<EndpointPool>[] {
    return this.#balancer.hosts;
  }

  isEjected(host: Host<EndpointPool>): boolean {
    return this.#balancer.isEjected(host);
  }

  /** False: the source has said that there are no endpoints, so waiting for one would be in vain. */
  get mayHaveEndpoints(): boolean {
    return this.#endpoints === undefined || this.#pools.size > 0;
  }

  /** Why no endpoint can be reached, as far as known. */
  get connectError(): string | undefined {
    for (const pool of this.#pools.values()) {
      if (pool.lastError !== undefined) return `${pool.key}: ${pool.lastError}`;
    }
    return this.sourceError;
  }

  /**
   * Makes ready what a new description of the service needs. Nothing has changed before what it returns is called.
   * Connections stay; statistics of hosts begin anew if the policy is another.
   */
  prepare(service: Service): () => void {
    const old = this.#service;
    if (old === service) return () => undefined;
    const context = this.#context;
    const isSame = isDeepStrictEqual;
    const ready = isSame(old.policy, service.policy)
      ? undefined
      : {
          balancer: createBalancer<EndpointPool>(balancerOptions(service.policy, context.random)),
          breaker: new CircuitBreaker(breakerOptions(service.policy)),
          outcomes: outcomeTable(service.policy),
        };
    const otherwise = !isSame(old.tls, service.tls) || old.protocol !== service.protocol;
    const newSource =
      otherwise ||
      !isSame(described(old, this.#subset), described(service, this.#subset)) ||
      !isSame(old.healthCheck, service.healthCheck);
    const source = newSource
      ? context.sourceOf(service, this.#subset, (report) => (this.#report = report))
      : undefined;
    return () => {
      this.#service = service;
      if (ready !== undefined) {
        this.#balancer = ready.balancer;
        this.breaker = ready.breaker;
        this.outcomes = ready.outcomes;
      }
      if (ready !== undefined || !isSame(old.locality, service.locality)) this.#useEndpoints();
      this.#refreshSoon();
      if (otherwise) this.#replacePools();
      if (source === undefined) return;
      // The endpoints of the old source are used until the new one has told its own.
      this.#stopSource();
      this.#source = source;
      this.#report = [];
      this.#stopSource = this.#watch();
    };
  }

  /** A host that takes a call now; undefined: the call has to wait. */
  choose(
    nowMs: number,
    hash: number | undefined,
    tried: readonly Host<EndpointPool>[],
  ): Host<EndpointPool> | undefined {
    const balancer = this.#balancer;
    const first = tried.length === 0 ? balancer.pick(nowMs, hash) : pickExcept(balancer, tried, nowMs, hash);
    if (first === undefined || first.target?.connection !== undefined) return first;
    const without = [...tried, first];
    for (let count = 0; count < otherHosts; count++) {
      const host = pickExcept(balancer, without, nowMs, hash);
      if (host?.target?.connection !== undefined) return host;
      if (host !== undefined) without.push(host);
    }
    return undefined;
  }

  /**
   * Whether the calls of a session go on at an endpoint, or wait until it can be reached: not when it has gone, ends, fails its
   * health check, refuses connections or is ejected (gRFC A55). Nobody but the source says what an endpoint is.
   * @param key from a client, so it may be anything
   */
  keepsSessions(key: string): boolean {
    if (this.#endpoints === undefined) return true; // after a restart, all sessions would move
    const pool = this.#pools.get(key);
    if (pool === undefined || pool.state === 'failed') return false;
    const host = this.#balancer.find(key);
    return host === undefined || !this.isEjected(host);
  }

  /** The host of an endpoint, if it takes a call now. */
  hostWithRoom(key: string): Host<EndpointPool> | undefined {
    const host = this.#balancer.find(key);
    return host?.target?.connection === undefined ? undefined : host;
  }

  /**
   * Keeps a call until there is a connection for it, which is hurried up then.
   * @returns false when too many wait already
   */
  await(call: WaitingCall, breaker: CircuitBreaker): boolean {
    const isFirst = this.waiting.size === 0;
    if (!this.waiting.add(call, breaker)) return false;
    if (isFirst) for (const pool of this.#pools.values()) pool.hurry();
    return true;
  }

  attemptStarted(host: Host<EndpointPool>): void {
    host.target!.calls++;
    this.#balancer.callStarted(host);
  }

  attemptEnded(host: Host<EndpointPool>, nowMs: number, latencyMs: number, outcome: CallOutcome): void {
    const pool = host.target!;
    if (outcome === 'failure') pool.failures++;
    pool.latency.observe(latencyMs);
    this.#balancer.callEnded(host, nowMs, latencyMs, outcome);
    this.#context.onNeedsTicks();
  }

  /**
   * About once a second, while it is of use: `onNeedsTicks` says when that begins.
   * @returns whether it still is
   */
  tick(nowMs: number): boolean {
    this.#balancer.tick(nowMs);
    return this.#balancer.needsTicks;
  }

  /** No new calls; those under way go on. */
  retire(): void {
    this.#closed = true;
    this.#stopSource();
    for (const pool of this.#pools.values()) pool.retire();
  }

  /** Cuts everything. */
  close(): void {
    this.retire();
    for (const pool of this.#pools.values()) pool.close();
  }

  #watch(): () => void {
    const { onEndpoints, onSourceError, onSourceRecovered } = this.#context;
    return this.#source.watch({
      onEndpoints: ({ endpoints }) => {
        onEndpoints(this.name, endpoints);
        this.#endpoints = endpoints;
        this.#useEndpoints();
      },
      onError: (error) => {
        this.sourceError = error.message;
        onSourceError(this.name, error);
      },
      onRecovered: () => {
        this.sourceError = undefined;
        onSourceRecovered(this.name);
      },
    });
  }

  /** Makes pools for those that may get calls, and lets go of the others. */
  #useEndpoints(): void {
    if (this.#endpoints === undefined) return;
    const { identity, onSourceError } = this.#context;
    const { policy, locality } = this.#service;
    const source = described(this.#service, this.#subset);
    const regions = source === undefined ? { all: [] } : regionsOf(source);
    const usable = usableEndpoints(this.#endpoints, { policy, locality, regions }, identity);
    const wanted = new Map(usable.used.map((one) => [endpointKey(one.endpoint), one]));
    this.#eligible = wanted;
    if (usable.tooMany !== undefined && usable.tooMany !== this.unusable)
      onSourceError(this.name, new DiscoveryError('TOO_MANY', usable.tooMany));
    this.unusable = usable.tooMany;
    for (const [key, pool] of this.#pools) {
      if (wanted.has(key)) continue;
      this.#pools.delete(key);
      pool.retire();
    }
    for (const [key, { endpoint }] of wanted) {
      const pool = this.#pools.get(key);
      if (pool === undefined) this.#pools.set(key, this.#newPool(endpoint));
      else pool.endpoint = endpoint;
    }
    this.#refreshSoon();
  }

  /** Connections are made otherwise from now on. Calls under way go on, new ones wait for the new connections. */
  #replacePools(): void {
    for (const pool of this.#pools.values()) pool.retire();
    this.#pools.clear();
    this.#useEndpoints();
  }

  #newPool(endpoint: Endpoint): EndpointPool {
    const { tls, name, protocol } = this.#service;
    const { certificatesOf } = this.#context;
    const secure = tls && { tls: () => upstreamTlsOptions(certificatesOf(tls), tls.serverName ?? name) };
    return new EndpointPool(
      endpoint,
      { ...this.#context, ...secure, protocol },
      {
        onReadiness: () => this.#refreshSoon(),
        onFailure: () => this.#refreshSoon(),
        wantedOf: () => (this.waiting.size > 0 ? this.#pools.size : 0),
        onCapacity: () => this.waiting.serve(),
        mayGrow: () => this.#mayGrow(),
        waiting: () => this.waiting.size,
      },
    );
  }

  #mayGrow(): boolean {
    const most = maxConnections(this.policy, this.#pools.size);
    let connections = 0;
    for (const pool of this.#pools.values()) connections += pool.connectionCount;
    return connections < most;
  }

  /** Once for all that happens in a turn: a thousand endpoints connect at once, and each refresh looks at all of them. */
  #refreshSoon(): void {
    if (this.#refreshing) return;
    this.#refreshing = true;
    setImmediate(() => {
      this.#refreshing = false;
      if (this.#closed) return;
      const all = [...this.#eligible].map(([key, eligible]) => {
        const target = this.#pools.get(key)!;
        return { key, eligible, target, connection: target.state };
      });
      const specs = hostSpecs(all);
      if (specs !== undefined) this.#update(specs, this.#context.upstream.loop.now());
      this.waiting.serve();
    });
  }

  /** Nobody stands above a turn of the event loop to take what is thrown in it: one service's trouble stays its own. */
  #update(specs: readonly HostSpec<EndpointPool>[], nowMs: number): void {
    try {
      this.#balancer.update(specs, nowMs);
      this.#context.onNeedsTicks();
    } catch (cause) {
      const error = new DiscoveryError(
        'INVALID',
        `the endpoints cannot be used: ${(cause as Error).message}`,
      );
      if (this.unusable !== error.message) this.#context.onSourceError(this.name, error);
      this.unusable = error.message;
    }
  }
}

function described(service: Service, subset: string | undefined) {
  return subset === undefined ? service.source : service.subsets.get(subset)?.source;
}
