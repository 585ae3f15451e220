import type { ChannelOptions } from '@grpc/grpc-js';
import { createBalancer, eligibleEndpoints, maxWeight } from '@evenly/balancing';
import type { Balancer, HostSpec } from '@evenly/balancing';
import type { Endpoint } from '@evenly/endpoints';
import { EndpointConnection, type ConnectionState } from './endpoint-connection.ts';
import { describe } from './endpoints.ts';
import { BalancerPicker } from './picker.ts';
import { PolicyConfig, type PolicyName, type PolicySettings } from './policy-config.ts';
import { healthServiceOf } from './service-config.ts';
import { PolicyBase, QueuePicker, states, unavailable, UnavailablePicker } from './versions.ts';
import type { GrpcEndpoint, Update } from './versions.ts';

/** A backup priority gets no calls as long as a better one has not said whether it can be reached (gRFC A56). */
const failoverMs = 10_000;
/** Moves slow starts on. */
const tickMs = 1000;

/** A policy of grpc-js that leaves the choice to `@evenly/balancing`: a connection to each endpoint, kept open. */
export class EvenlyPolicy extends PolicyBase<PolicyConfig> {
  readonly #defaultZone: string | undefined;
  #connections = new Map<string, EndpointConnection>();
  #endpoints: readonly GrpcEndpoint[] | undefined;
  #configText: string | undefined;
  #settings: PolicySettings | undefined;
  #healthService: string | undefined;
  #balancer: Balancer<EndpointConnection> | undefined;
  #picker: BalancerPicker | undefined;
  #ready = false;
  #updating = false;
  #flush: NodeJS.Immediate | undefined;
  #failover: NodeJS.Timeout | undefined;
  #tick: NodeJS.Timeout | undefined;

  /** @param args of grpc-js, other ones in other versions */
  constructor(name: PolicyName, defaultZone: string | undefined, args: readonly unknown[]) {
    super(name, PolicyConfig, args);
    this.#defaultZone = defaultZone;
  }

  protected override update({ endpoints, config, options, note }: Update<PolicyConfig>): boolean {
    if (!Array.isArray(endpoints)) {
      if (this.#connections.size === 0) this.#fail(endpoints.details);
      return true;
    }
    if (config.settings === undefined) return this.#refuse(config.fault!);
    this.#configure(config, config.settings, options);
    if (endpoints === this.#endpoints) return true;
    this.#endpoints = endpoints;
    this.#updating = true;
    const lostUsable = this.#connect(this.#subset(endpoints), options, note);
    this.#updating = false;
    if (this.#connections.size === 0) this.#fail(`no endpoints: ${note}`);
    else if (lostUsable || !this.#ready) this.#rebuild();
    else this.#rebuildSoon();
    return this.#connections.size > 0;
  }

  /** It is never idle: connections are opened without being asked for. */
  override exitIdle(): void {}

  override destroy(): void {
    this.#dropAll();
    clearInterval(this.#tick);
    clearTimeout(this.#failover);
    clearImmediate(this.#flush);
  }

  #configure(config: PolicyConfig, settings: PolicySettings, options: ChannelOptions): void {
    const healthService = healthServiceOf(options);
    if (config.text === this.#configText && healthService === this.#healthService) return;
    // Another policy begins anew; connections stay only where they mean the same.
    if (this.#configText !== undefined) this.#dropAll();
    this.#configText = config.text;
    this.#healthService = healthService;
    this.#settings = settings;
    const { policy, callersShare, overprovisioning, slowStart } = settings;
    const zone = settings.zone ?? this.#defaultZone;
    const balancer = createBalancer<EndpointConnection>({
      policy,
      random: Math.random,
      panicThreshold: 0, // an endpoint without a connection can serve nobody, however few are left
      ...(zone !== undefined && { zone: { own: zone, ...(callersShare !== undefined && { callersShare }) } }),
      ...(overprovisioning !== undefined && { overprovisioning }),
      ...(slowStart && { slowStart }),
    });
    this.#balancer = balancer;
    this.#picker = new BalancerPicker(balancer, healthService !== undefined);
    clearInterval(this.#tick);
    if (slowStart) this.#tick = setInterval(() => balancer.tick(performance.now()), tickMs).unref();
  }

  /** The zone, where there is one, counts for the subset too: those of the own zone first. */
  #subset(endpoints: readonly GrpcEndpoint[]): readonly GrpcEndpoint[] {
    const { subset, zone = this.#defaultZone ?? '' } = this.#settings!;
    if (subset === undefined || endpoints.length <= subset.size) return endpoints;
    const byEndpoint = new Map(endpoints.map((endpoint) => [candidate(endpoint), endpoint]));
    const eligible = eligibleEndpoints(
      [...byEndpoint.keys()],
      { zonePreference: 'failover', subsetting: subset },
      { id: subset.client, region: '', zone },
    );
    return eligible.map(({ endpoint }) => byEndpoint.get(endpoint)!);
  }

  /** Opens connections to new endpoints and lets go of the others. @returns whether calls went to one of those */
  #connect(endpoints: readonly GrpcEndpoint[], options: ChannelOptions, note: string): boolean {
    const old = this.#connections;
    this.#connections = new Map();
    const opened: EndpointConnection[] = [];
    for (const endpoint of endpoints)
      for (let index = 0; index < this.#settings!.connectionsPerAddress; index++) {
        const key = index === 0 ? addressOf(endpoint) : `${addressOf(endpoint)} #${index}`;
        if (this.#connections.has(key)) continue;
        const kept = old.get(key);
        const connection = kept ?? this.#open(endpoint, key, index, options, note);
        connection.known = describe(endpoint);
        if (kept === undefined) opened.push(connection);
        this.#connections.set(key, connection);
        old.delete(key);
      }
    // First the new ones, so that a connection that both share is not closed in between.
    for (const connection of opened) connection.start();
    for (const connection of old.values()) connection.destroy();
    return [...old.values()].some(({ state }) => state === 'usable');
  }

  #open(
    endpoint: GrpcEndpoint,
    key: string,
    index: number,
    options: ChannelOptions,
    note: string,
  ): EndpointConnection {
    return new EndpointConnection({
      ...{ endpoint, key, index, known: describe(endpoint), helper: this.helper },
      healthService: this.#healthService,
      makeLeaf: (each, helper) => this.makeLeaf(each, helper, options, note),
      onChange: (connection, before) => this.#onChange(connection, before),
    });
  }

  #onChange(connection: EndpointConnection, before: ConnectionState): void {
    // The source may know more by now: at once, not at the next refresh.
    if (before === 'usable') this.helper.requestReresolution();
    if (this.#updating || this.#connections.get(connection.key) !== connection) return;
    // What is lost must not be picked once more. What is won may wait for others that are won at the same time.
    if (before === 'usable' || (connection.state === 'usable' && !this.#ready)) this.#rebuild();
    else this.#rebuildSoon();
  }

  #rebuildSoon(): void {
    this.#flush ??= setImmediate(() => this.#rebuild());
  }

  #rebuild(): void {
    clearImmediate(this.#flush);
    this.#flush = undefined;
    const connections = [...this.#connections.values()];
    if (connections.length === 0) return;
    const heldBack = this.#priorityHeldBack(connections);
    const unit = unitOfWeights(connections);
    const specs = connections.map((connection): HostSpec<EndpointConnection> => {
      const { zone, priority = 0 } = connection.known;
      const weight = (connection.known.weight ?? 1) / unit;
      const healthy = connection.state === 'usable' && priority < heldBack;
      return { key: connection.key, weight, zone, priority, healthy, target: connection };
    });
    try {
      this.#balancer!.update(specs, performance.now());
    } catch (error) {
      return void this.#fail((error as Error).message);
    }
    this.#report(
      specs.some(({ healthy }) => healthy),
      connections,
    );
  }

  #report(ready: boolean, connections: readonly EndpointConnection[]): void {
    if (ready) {
      // The picker is the same one and knows the change: grpc-js has to hear only that there is one.
      if (!this.#ready) this.helper.updateState(states.READY, this.#picker!, null);
      this.#ready = true;
    } else if (connections.some(({ state }) => state !== 'failed')) {
      this.#ready = false;
      this.helper.updateState(states.CONNECTING, new QueuePicker(this), null);
    } else {
      const { key, lastError } =
        connections.findLast((each) => each.lastError !== undefined) ?? connections[0]!;
      this.#fail(
        `none of ${connections.length} connections can be used; ${key}: ${lastError ?? 'no reason given'}`,
      );
    }
  }

  /** @returns the first priority that has to wait, since a better one is still connecting for the first time */
  #priorityHeldBack(connections: readonly EndpointConnection[]): number {
    clearTimeout(this.#failover);
    const nowMs = performance.now();
    const priorityOf = ({ known }: EndpointConnection) => known.priority ?? 0;
    const usable = connections.filter(({ state }) => state === 'usable').map(priorityOf);
    const best = usable.reduce((least, each) => Math.min(least, each), Infinity);
    const waiting = connections.filter(
      (each) => each.state === 'connecting' && priorityOf(each) < best && nowMs < each.startedMs + failoverMs,
    );
    if (waiting.length === 0 || best === Infinity) return Infinity;
    const untilMs = Math.max(...waiting.map(({ startedMs }) => startedMs + failoverMs));
    this.#failover = setTimeout(() => this.#rebuild(), untilMs - nowMs + 1).unref();
    return best;
  }

  #refuse(fault: string): boolean {
    this.#dropAll();
    this.#configText = undefined;
    this.#fail(`the service config is no good: ${fault}`);
    return true;
  }

  #fail(details: string): void {
    this.#ready = false;
    this.helper.updateState(states.TRANSIENT_FAILURE, new UnavailablePicker(unavailable(details)), details);
  }

  #dropAll(): void {
    for (const connection of this.#connections.values()) connection.destroy();
    this.#connections = new Map();
    this.#endpoints = undefined;
    this.#ready = false;
  }
}

/** Brings weights that are too large for a balancer into its range; only their relation counts. */
function unitOfWeights(connections: readonly EndpointConnection[]): number {
  const most = connections.reduce((max, { known }) => Math.max(max, known.weight ?? 1), 1);
  return most > maxWeight ? most / maxWeight : 1;
}

/** What the source said of it; of another resolver's endpoint, what tells it apart. */
function candidate(endpoint: GrpcEndpoint): Endpoint {
  return { address: addressOf(endpoint), port: 0, state: 'ready', ...describe(endpoint) };
}

function addressOf({ addresses }: GrpcEndpoint): string {
  return addresses
    .map((address) => ('path' in address ? address.path : `${address.host}:${address.port}`))
    .join(' ');
}
