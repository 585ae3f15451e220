import { connectivityState, experimental, Metadata, status, type ChannelOptions } from '@grpc/grpc-js';

const policyName = 'evenly_round_robin_with_reason';

/** Give this to a channel as `grpc.service_config`; a service config from the resolver (xDS) takes its place. */
export const roundRobinServiceConfig = JSON.stringify({ loadBalancingConfig: [{ [policyName]: {} }] });

class RoundRobinWithReasonConfig implements experimental.TypedLoadBalancingConfig {
  getLoadBalancerName(): string {
    return policyName;
  }

  toJsonObject(): object {
    return { [policyName]: {} };
  }

  static createFromJson(): RoundRobinWithReasonConfig {
    return new RoundRobinWithReasonConfig();
  }
}

/**
 * round_robin, but calls fail with the resolver's reason when it has no endpoints.
 *
 * When a listener does not exist or the control plane cannot be reached, the xDS resolver of grpc-js-xds 1.14 hands the
 * channel's default policy an empty list with a note that says why. grpc-js 1.14's own policies lose it: pick_first
 * refuses the list, so queued calls are never told; round_robin goes idle, so they wait too. Either way a call ends
 * with DEADLINE_EXCEEDED, and nobody learns that the service does not exist.
 */
class RoundRobinWithReason implements experimental.LoadBalancer {
  readonly #helper: experimental.ChannelControlHelper;
  readonly #roundRobin: experimental.ChildLoadBalancerHandler;

  constructor(helper: experimental.ChannelControlHelper) {
    this.#helper = helper;
    this.#roundRobin = new experimental.ChildLoadBalancerHandler(helper);
  }

  updateAddressList(
    endpoints: experimental.StatusOr<experimental.Endpoint[]>,
    _config: experimental.TypedLoadBalancingConfig,
    options: ChannelOptions,
    note: string,
  ): boolean {
    if (endpoints.ok && endpoints.value.length === 0) {
      this.#roundRobin.destroy();
      const details = note || 'the resolver has no endpoints';
      const error = { code: status.UNAVAILABLE, details, metadata: new Metadata() };
      const picker = new experimental.UnavailablePicker(error);
      this.#helper.updateState(connectivityState.TRANSIENT_FAILURE, picker, details);
      return true;
    }
    const roundRobin = experimental.parseLoadBalancingConfig({ round_robin: {} });
    return this.#roundRobin.updateAddressList(endpoints, roundRobin, options, note);
  }

  exitIdle(): void {
    this.#roundRobin.exitIdle();
  }

  resetBackoff(): void {
    this.#roundRobin.resetBackoff();
  }

  destroy(): void {
    this.#roundRobin.destroy();
  }

  getTypeName(): string {
    return policyName;
  }
}

/** Makes the policy known to grpc-js; call it once, before the first channel. */
export function registerRoundRobinWithReason(): void {
  experimental.registerLoadBalancerType(policyName, RoundRobinWithReason, RoundRobinWithReasonConfig);
}
