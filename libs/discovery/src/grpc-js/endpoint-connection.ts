import type { ChannelOptions } from '@grpc/grpc-js';
import type { EligibleEndpoint } from '@evenly/balancing';
import { watchHealth } from './health-watch.ts';
import { createChildHelper, states } from './versions.ts';
import type { ConnectivityState, GrpcEndpoint, Helper, Leaf, Subchannel } from './versions.ts';

/** Where a connection stands, for the policy as a whole. */
export type ConnectionState = 'connecting' | 'usable' | 'failed';

export interface ConnectionOptions {
  endpoint: GrpcEndpoint;
  /** Its priority and its share of the calls. */
  eligible: EligibleEndpoint;
  /** Tells connections apart: the address, and a number where there are several to it. */
  key: string;
  index: number;
  /** Undefined: health is not asked for. */
  healthService: string | undefined;
  helper: Helper;
  makeLeaf: (endpoint: GrpcEndpoint, helper: Helper) => Leaf;
  onChange: (connection: EndpointConnection, before: ConnectionState) => void;
}

/** One connection to one endpoint, kept open, and whether calls may go there. */
export class EndpointConnection {
  readonly key: string;
  readonly endpoint: GrpcEndpoint;
  eligible: EligibleEndpoint;
  readonly startedMs = performance.now();
  /** Why calls may not go there. */
  lastError: string | undefined;
  readonly #leaf: Leaf;
  readonly #healthService: string | undefined;
  readonly #onChange: ConnectionOptions['onChange'];
  #leafState: ConnectivityState = states.IDLE;
  #health: 'unknown' | 'serving' | 'not-serving' = 'unknown';
  #state: ConnectionState = 'connecting';
  #stopHealth: (() => void) | undefined;
  /** Of the endpoint's addresses, since it was connected last. */
  #subchannels: Subchannel[] = [];
  #destroyed = false;

  constructor(options: ConnectionOptions) {
    const { endpoint, eligible, key, index, healthService, helper, makeLeaf, onChange } = options;
    this.key = key;
    this.endpoint = endpoint;
    this.eligible = eligible;
    this.#healthService = healthService;
    this.#onChange = onChange;
    const childHelper = createChildHelper(helper, {
      createSubchannel: (address, args: ChannelOptions, ...rest: unknown[]) => {
        // Options that differ make connections of their own; equal ones share theirs.
        const own = index === 0 ? args : { ...args, 'evenly.connection': index };
        const create = helper.createSubchannel.bind(helper) as (...all: unknown[]) => Subchannel;
        const subchannel = create(address, own, ...rest);
        this.#subchannels.push(subchannel);
        return subchannel;
      },
      updateState: (state, _picker, error) => this.#onLeafState(state, error ?? undefined),
    });
    this.#leaf = makeLeaf(endpoint, childHelper);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Undefined until there is an address to connect to. */
  pick(args: Parameters<ReturnType<Leaf['getPicker']>['pick']>[0]) {
    return this.#leaf.getPicker().pick(args);
  }

  start(): void {
    this.#leaf.startConnecting();
  }

  /** Calls that run are not cut off: the connection closes when the last one ends. */
  destroy(): void {
    this.#destroyed = true;
    this.#stopHealth?.();
    this.#leaf.destroy();
  }

  #onLeafState(state: ConnectivityState, error: string | undefined): void {
    if (this.#destroyed) return;
    this.#leafState = state;
    if (error !== undefined) this.lastError = error;
    if (state === states.READY) this.#startHealth();
    else this.#endHealth();
    this.#changed();
    // A connection that ended is opened again at once: every endpoint shall be ready for the next call.
    if (state === states.IDLE && !this.#destroyed) this.#leaf.exitIdle();
  }

  #startHealth(): void {
    const connected = this.#subchannels.find((each) => each.getConnectivityState() === states.READY);
    this.#subchannels = [];
    if (this.#healthService === undefined || this.#stopHealth !== undefined || !connected) return;
    this.#stopHealth = watchHealth(connected, this.#healthService, (serving, reason) => {
      this.#health = serving ? 'serving' : 'not-serving';
      if (reason !== undefined) this.lastError = reason;
      this.#changed();
    });
  }

  #endHealth(): void {
    this.#stopHealth?.();
    this.#stopHealth = undefined;
    this.#health = 'unknown';
  }

  #changed(): void {
    const before = this.#state;
    this.#state = this.#stateNow();
    if (this.#state !== before) this.#onChange(this, before);
  }

  #stateNow(): ConnectionState {
    if (this.#leafState === states.TRANSIENT_FAILURE) return 'failed';
    if (this.#leafState !== states.READY) return 'connecting';
    if (this.#healthService === undefined || this.#health === 'serving') return 'usable';
    return this.#health === 'unknown' ? 'connecting' : 'failed';
  }
}
