// A deep import, the only one: 1.12 to 1.14 export no function that reads a service config, and a resolver that adds a
// policy to the user's config has to hand over all of it in the form that grpc-js reads (retries, timeouts).
import { validateServiceConfig } from '@grpc/grpc-js/build/src/service-config.js';
import type { ChannelOptions } from '@grpc/grpc-js';
import type { ServiceConfig } from './versions.ts';

/** What channels use that name no policy: calls go to all endpoints, by their weights, and not to the first one only. */
export const defaultPolicy = 'evenly_weighted_round_robin';

interface GivenConfig {
  loadBalancingConfig?: unknown[];
  healthCheckConfig?: { serviceName?: unknown };
}

/** The channel's own service config; grpc-js refuses channels where it is not JSON. */
function given(options: ChannelOptions): GivenConfig | undefined {
  const json = options['grpc.service_config'];
  return json === undefined ? undefined : (JSON.parse(json) as GivenConfig);
}

/** @returns undefined when the channel's own config names a policy: it counts as it is */
export function withDefaultPolicy(options: ChannelOptions): ServiceConfig | undefined {
  const config = given(options);
  if ((config?.loadBalancingConfig ?? []).length > 0) return undefined;
  return { ...validateServiceConfig(config ?? {}), loadBalancingConfig: [{ [defaultPolicy]: {} }] };
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
