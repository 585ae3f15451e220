import type { ChannelOptions } from '@grpc/grpc-js';
import { createBalancer, eligibleEndpoints, hostSpecs } from '@evenly/balancing';
import type { Balancer, EligibleEndpoint, Viewer } from '@evenly/balancing';
import { EndpointConnection, type ConnectionState } from './endpoint-connection.ts';
import { addressOf, describe } from './endpoints.ts';
import { BalancerPicker } from './picker.ts';
import { PolicyConfig, type PolicyName, type PolicySettings } from './policy-config.ts';
import { healthServiceOf } from './service-config.ts';
import { PolicyBase, QueuePicker, states, unavailable, UnavailablePicker } from './versions.ts';
import type { GrpcEndpoint, Update } from './versions.ts';

/** A backup priority gets no calls as long as a better one has not said whether it can be reached (gRFC A56). */
const failoverMs = 10_000;
/** Moves slow starts on, ejects and readmits. */
const tickMs = 1000;

/** An endpoint as grpc-js has it, with its priority and its share of the calls. */
interface Eligible {
  endpoint: GrpcEndpoint;
  eligible: EligibleEndpoint;
}

/** A policy of grpc-js that leaves the choice to `@evenly/balancing`: a connection to each endpoint, kept open. */
export class EvenlyPolicy extends PolicyBase<PolicyConfig> {
  readonly #place: Omit<Viewer, 'id'>;
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

  /**
   * @param place where this process is
   * @param args of grpc-js, other ones in other versions
   */
  constructor(name: PolicyName, place: Omit<Viewer, 'id'>, args: readonly unknown[]) {
    super(name, PolicyConfig, args);
    this.#place = place;
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
    const lostUsable = this.#connect(this.#eligible(endpoints), options, note);
    this.#updating = false;
    if (this.#connections.size === 0) this.#fail(`no endpoint may get calls: ${note}`);
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
    const { policy, panicThreshold, outlier, outcomes, slowStart } = settings;
    const balancer = createBalancer<EndpointConnection>({
      policy,
      random: Math.random,
      panicThreshold,
      ...(outlier && { outlier }),
      ...(slowStart && { slowStart }),
    });
    this.#balancer = balancer;
    this.#picker = new BalancerPicker(balancer, outcomes, healthService !== undefined);
    clearInterval(this.#tick);
    if (slowStart || outlier)
      this.#tick = setInterval(() => balancer.tick(performance.now()), tickMs).unref();
  }

  /** Those of the endpoints that this client may call, and how often. */
  #eligible(endpoints: readonly GrpcEndpoint[]): readonly Eligible[] {
    const { subset, zonePreference } = this.#settings!;
    const byEndpoint = new Map(endpoints.map((endpoint) => [describe(endpoint), endpoint]));
    const policy = { zonePreference, subsetting: subset };
    const viewer = { ...this.#place, id: subset?.client ?? '' };
    return eligibleEndpoints([...byEndpoint.keys()], policy, viewer).map((eligible) => ({
      endpoint: byEndpoint.get(eligible.endpoint)!,
      eligible,
    }));
  }

  /** Opens connections to new endpoints and lets go of the others. @returns whether calls went to one of those */
  #connect(all: readonly Eligible[], options: ChannelOptions, note: string): boolean {
    const old = this.#connections;
    this.#connections = new Map();
    const opened: EndpointConnection[] = [];
    for (const one of all)
      for (let index = 0; index < this.#settings!.connectionsPerAddress; index++) {
        const address = addressOf(one.endpoint);
        const key = index === 0 ? address : `${address} #${index}`;
        if (this.#connections.has(key)) continue;
        const kept = old.get(key);
        const connection = kept ?? this.#open(one, key, index, options, note);
        connection.eligible = one.eligible;
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
    one: Eligible,
    key: string,
    index: number,
    options: ChannelOptions,
    note: string,
  ): EndpointConnection {
    return new EndpointConnection({
      ...{ ...one, key, index, helper: this.helper },
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
    const specs = hostSpecs(
      connections.map((connection) => {
        const { key, eligible, state } = connection;
        const isHeldBack = state === 'usable' && eligible.priority >= heldBack;
        return { key, eligible, target: connection, connection: isHeldBack ? 'connecting' : state };
      }),
    );
    try {
      if (specs !== undefined) this.#balancer!.update(specs, performance.now());
    } catch (error) {
      return void this.#fail((error as Error).message);
    }
    this.#report(specs !== undefined, connections);
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
    const priorityOf = ({ eligible }: EndpointConnection) => eligible.priority;
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
