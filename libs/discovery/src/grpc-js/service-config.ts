// A deep import, the only one: 1.12 to 1.14 export no function that reads a service config, and a resolver that adds a
// policy to the user's config has to hand over all of it in the form that grpc-js reads (retries, timeouts).
import { validateServiceConfig, type LoadBalancingConfig } from '@grpc/grpc-js/build/src/service-config.js';
import { experimental, type ChannelOptions } from '@grpc/grpc-js';
import type { ServiceConfig } from './versions.ts';

/** What channels use that name no policy: calls go to all endpoints, by their weights, and not to the first one only. */
export const defaultPolicy = 'evenly_weighted_round_robin';

interface GivenConfig {
  loadBalancingConfig?: unknown[];
  methodConfig?: unknown;
  healthCheckConfig?: { serviceName?: unknown };
}

/** The channel's own service config; grpc-js refuses channels where it is not JSON. */
function given(options: ChannelOptions): GivenConfig | undefined {
  const json = options['grpc.service_config'];
  return json === undefined ? undefined : (JSON.parse(json) as GivenConfig);
}

/** What the channel's own config says, with a policy of ours where it names none. */
export function serviceConfigOf(options: ChannelOptions): ServiceConfig {
  const config = given(options) ?? {};
  const { methodConfig } = config;
  const methods: unknown = Array.isArray(methodConfig) ? methodConfig.map(withWholeNanos) : methodConfig;
  const read = validateServiceConfig({ ...config, methodConfig: methods });
  const namesPolicy = (config.loadBalancingConfig ?? []).length > 0;
  return namesPolicy ? read : { ...read, loadBalancingConfig: [{ [defaultPolicy]: {} }] };
}

/**
 * Why none of the policies that the channel names can be used, as when a name is mistyped. grpc-js would take pick_first
 * without a word; that such a config is no good is said by gRFC A24. Absent: one can be used, or none is named.
 */
export function policyFault(options: ChannelOptions): string | undefined {
  const policies = (given(options)?.loadBalancingConfig ?? []) as LoadBalancingConfig[];
  if (policies.length === 0 || experimental.selectLbConfigFromList(policies) !== null) return undefined;
  return `the service config names no policy that can be used: ${policies.map(faultOf).join('; ')}`;
}

function faultOf(policy: LoadBalancingConfig): string {
  try {
    experimental.parseLoadBalancingConfig(policy);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

/** grpc-js (1.12 to 1.14) takes what is behind the point of a timeout for nanoseconds: "0.5s" would be 5 ns. */
function withWholeNanos(method: unknown): unknown {
  const timeout = (method as { timeout?: unknown } | null)?.timeout;
  if (typeof timeout !== 'string') return method;
  const whole = timeout.replace(/\.(\d{1,9})s$/, (_, digits: string) => `.${digits.padEnd(9, '0')}s`);
  return { ...(method as object), timeout: whole };
}

/** Whether the policy is one of ours, or has one inside: those choose among all endpoints of a source themselves. */
export function isOurs(options: ChannelOptions): boolean {
  const policies = given(options)?.loadBalancingConfig ?? [];
  return policies.length === 0 || beginsWithOurs(policies);
}

/** Of a list grpc-js takes the first that it knows; where it does not know the first, what is told does for any other. */
function beginsWithOurs(policies: unknown): boolean {
  if (!Array.isArray(policies)) return false;
  const [name = '', config] = Object.entries((policies[0] ?? {}) as Record<string, unknown>)[0] ?? [];
  if (name.startsWith('evenly_')) return true;
  const { child_policy: child, childPolicy = child } = (config ?? {}) as Record<string, unknown>;
  return beginsWithOurs(childPolicy);
}

/** The service whose health is to be watched (gRFC A17); undefined: none. An empty name is the server as a whole. */
export function healthServiceOf(options: ChannelOptions): string | undefined {
  const config = given(options)?.healthCheckConfig;
  if (config === undefined || config === null) return undefined;
  return typeof config.serviceName === 'string' ? config.serviceName : '';
}
