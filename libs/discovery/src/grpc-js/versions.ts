import { connectivityState, experimental, Metadata, status, type ChannelOptions } from '@grpc/grpc-js';

/**
 * The `experimental` API of grpc-js changes in minors: this file alone knows how, for 1.12 to 1.14. The types are those
 * of 1.14; where an older one differs, it is told apart by what is there, not by its number.
 */

export type GrpcEndpoint = experimental.Endpoint;
export type Helper = experimental.ChannelControlHelper;
export type Subchannel = experimental.SubchannelInterface;
export type ConnectivityState = connectivityState;
/** In the names of 1.14; a `details` for the caller of the RPC. */
export type StatusObject = { code: status; details: string; metadata: Metadata };
export type ServiceConfig = Parameters<experimental.ResolverListener>[2] extends infer T
  ? Extract<T, { ok: true }> extends { value: infer Config }
    ? Config
    : never
  : never;

/** Until 1.13 a resolver's listener was an object. */
interface OldListener {
  onSuccessfulResolution(
    endpoints: GrpcEndpoint[],
    serviceConfig: ServiceConfig,
    serviceConfigError: null,
    configSelector: null,
    attributes: object,
  ): void;
  onError(error: StatusObject): void;
}
export type ResolverListener = experimental.ResolverListener | OldListener;

export const unavailable = (details: string): StatusObject => ({
  code: status.UNAVAILABLE,
  details,
  metadata: new Metadata(),
});

/** @param note what the policy may add to its errors, such as why there are no endpoints */
export function tellEndpoints(
  listener: ResolverListener,
  endpoints: GrpcEndpoint[],
  serviceConfig: ServiceConfig,
  note: string,
): void {
  if (typeof listener === 'function') {
    listener({ ok: true, value: endpoints }, {}, { ok: true, value: serviceConfig }, note);
  } else {
    listener.onSuccessfulResolution(endpoints, serviceConfig, null, null, { [noteAttribute]: note });
  }
}

export function tellError(listener: ResolverListener, error: StatusObject): void {
  if (typeof listener === 'function') listener({ ok: false, error }, {}, null, '');
  else listener.onError(error);
}

/** Carries the note to our own policies, where grpc-js does not. Its prefix keeps it out of the subchannels' options. */
const noteAttribute = 'grpc.internal.no_subchannel.evenly_note';

/** What a policy is told, whatever the version. */
export interface Update<Config> {
  endpoints: GrpcEndpoint[] | StatusObject;
  config: Config;
  /** The channel's. */
  options: ChannelOptions;
  note: string;
}

/** What makes the connection to one of an endpoint's addresses: pick_first of a single endpoint, in all versions. */
export type Leaf = experimental.LeafLoadBalancer;

/** A load-balancing policy for grpc-js, in the words of all versions. */
export abstract class PolicyBase<Config> {
  readonly #typeName: string;
  readonly #Config: abstract new (...args: never[]) => Config;
  protected readonly helper: Helper;
  /** Of 1.12 only, as are the options here. */
  readonly #credentials: unknown;
  readonly #constructorOptions: ChannelOptions;

  constructor(
    typeName: string,
    ConfigType: abstract new (...args: never[]) => Config,
    args: readonly unknown[],
  ) {
    this.#typeName = typeName;
    this.#Config = ConfigType;
    this.helper = args[0] as Helper;
    this.#credentials = args[1];
    this.#constructorOptions = args[2] ?? {};
  }

  protected abstract update(update: Update<Config>): boolean;
  abstract exitIdle(): void;
  abstract destroy(): void;

  updateAddressList(
    given: GrpcEndpoint[] | experimental.StatusOr<GrpcEndpoint[]>,
    config: unknown,
    given3: ChannelOptions = {},
    given4?: string,
  ): boolean {
    if (!(config instanceof this.#Config)) return false;
    const endpoints = Array.isArray(given) ? given : given.ok ? given.value : given.error;
    const options = { ...this.#constructorOptions, ...given3 };
    const note = given4 ?? (given3[noteAttribute] as string | undefined) ?? '';
    return this.update({ endpoints, config, options, note });
  }

  /** Connections have their own back-off, which subchannels keep. */
  resetBackoff(): void {}

  getTypeName(): string {
    return this.#typeName;
  }

  protected makeLeaf(endpoint: GrpcEndpoint, helper: Helper, options: ChannelOptions, note: string): Leaf {
    const Leaf = experimental.LeafLoadBalancer as unknown as new (...args: unknown[]) => Leaf;
    if (this.#credentials !== undefined) return new Leaf(endpoint, helper, this.#credentials, options);
    return new Leaf(endpoint, helper, options, note);
  }
}

export function createChildHelper(parent: Helper, overrides: Partial<Helper>): Helper {
  return experimental.createChildChannelControlHelper(parent, overrides);
}

export const states = connectivityState;
export const { PickResultType, QueuePicker, UnavailablePicker } = experimental;
