import { experimental, type ChannelOptions } from '@grpc/grpc-js';

const policyName = 'echo_client_known_endpoints';

/** More are not remembered: no channel has more connections. */
const maxEndpoints = 10_000;

interface GivenConfig {
  loadBalancingConfig?: unknown[];
}

/**
 * The endpoints that the channel's policy was given: what the calls could have been shared by. It stands before the
 * policy in the service config, listens, and leaves everything to it. xDS brings its own service config: nothing is known
 * there but who has answered.
 */
export class KnownEndpoints {
  #addresses: readonly (readonly string[])[] = [];

  /** The addresses of each. */
  get addresses(): readonly (readonly string[])[] {
    return this.#addresses;
  }

  /**
   * @param otherwise the policy where the service config names none
   * @returns the same service config, with this one around its policy; to be called once, before the channel is made
   */
  around(serviceConfig: string, otherwise: string): string {
    this.#register();
    const config = JSON.parse(serviceConfig) as GivenConfig;
    const { loadBalancingConfig: childPolicy = [{ [otherwise]: {} }] } = config;
    return JSON.stringify({ ...config, loadBalancingConfig: [{ [policyName]: { childPolicy } }] });
  }

  #register(): void {
    const onEndpoints = (endpoints: experimental.Endpoint[]) => {
      this.#addresses = endpoints.slice(0, maxEndpoints).map(addressesOf);
    };
    class Listening extends ListeningPolicy {
      constructor(helper: experimental.ChannelControlHelper) {
        super(helper, onEndpoints);
      }
    }
    experimental.registerLoadBalancerType(policyName, Listening, ListeningConfig);
  }
}

class ListeningConfig implements experimental.TypedLoadBalancingConfig {
  readonly child: experimental.TypedLoadBalancingConfig;
  readonly #childPolicy: readonly unknown[];

  constructor(childPolicy: readonly unknown[]) {
    const child = experimental.selectLbConfigFromList(childPolicy as never, false);
    if (child === null) throw new Error('no policy that is known');
    this.child = child;
    this.#childPolicy = childPolicy;
  }

  getLoadBalancerName(): string {
    return policyName;
  }

  toJsonObject(): object {
    return { [policyName]: { childPolicy: this.#childPolicy } };
  }

  static createFromJson({ childPolicy }: { childPolicy: readonly unknown[] }): ListeningConfig {
    return new ListeningConfig(childPolicy);
  }
}

class ListeningPolicy implements experimental.LoadBalancer {
  readonly #child: experimental.ChildLoadBalancerHandler;
  readonly #onEndpoints: (endpoints: experimental.Endpoint[]) => void;

  constructor(
    helper: experimental.ChannelControlHelper,
    onEndpoints: (endpoints: experimental.Endpoint[]) => void,
  ) {
    this.#child = new experimental.ChildLoadBalancerHandler(helper);
    this.#onEndpoints = onEndpoints;
  }

  updateAddressList(
    endpoints: experimental.StatusOr<experimental.Endpoint[]>,
    config: experimental.TypedLoadBalancingConfig,
    options: ChannelOptions,
    note: string,
  ): boolean {
    if (!(config instanceof ListeningConfig)) return false;
    if (endpoints.ok) this.#onEndpoints(endpoints.value);
    return this.#child.updateAddressList(endpoints, config.child, options, note);
  }

  exitIdle(): void {
    this.#child.exitIdle();
  }

  resetBackoff(): void {
    this.#child.resetBackoff();
  }

  destroy(): void {
    this.#child.destroy();
  }

  getTypeName(): string {
    return policyName;
  }
}

/** As a call's peer is written. */
const addressesOf = ({ addresses }: experimental.Endpoint) =>
  addresses.map((address) => {
    if ('path' in address) return address.path;
    return address.host.includes(':')
      ? `[${address.host}]:${address.port}`
      : `${address.host}:${address.port}`;
  });
