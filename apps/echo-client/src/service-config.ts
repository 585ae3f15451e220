import { experimental } from '@grpc/grpc-js';
import { explainIssues } from '@evenly/endpoints/faults';
import { ServiceError } from '@evenly/service';
import { roundRobinServiceConfig } from '@evenly/service/grpc';
import * as z from 'zod';
import { isOfDiscovery } from './target.ts';

const anything = z.unknown().optional();

/**
 * The fields that grpc-js reads (gRFCs A2, A6, A17), in their JSON names. It reads past all others without a word, and
 * judges the values of these itself, when the channel is made.
 */
const fields = z.strictObject({
  loadBalancingConfig: anything,
  methodConfig: z
    .array(
      z.strictObject({
        name: z.array(z.strictObject({ service: anything, method: anything })),
        waitForReady: anything,
        timeout: anything,
        maxRequestBytes: anything,
        maxResponseBytes: anything,
        retryPolicy: z
          .strictObject({
            maxAttempts: anything,
            initialBackoff: anything,
            maxBackoff: anything,
            backoffMultiplier: anything,
            retryableStatusCodes: anything,
          })
          .optional(),
        hedgingPolicy: z
          .strictObject({ maxAttempts: anything, hedgingDelay: anything, nonFatalStatusCodes: anything })
          .optional(),
      }),
    )
    .optional(),
  retryThrottling: z.strictObject({ maxTokens: anything, tokenRatio: anything }).optional(),
  healthCheckConfig: z.strictObject({ serviceName: anything }).optional(),
});

const example = '{"loadBalancingConfig":[{"round_robin":{}}]}';

/** A gRPC service config in its JSON form, as text, without what grpc-js would read past. */
export const serviceConfig = () =>
  z.string().superRefine((text, context) => {
    const fault = (message: string) => context.addIssue({ code: 'custom', message });
    const config = objectOf(text);
    if (config === undefined) return fault(`expected a service config as a JSON object, such as ${example}`);
    if ('loadBalancingPolicy' in config)
      return fault(
        `loadBalancingPolicy: grpc-js does not read it; expected loadBalancingConfig, as in ${example}`,
      );
    const { issues = [] } = fields.safeParse(config).error ?? {};
    for (const { path, reason } of explainIssues(issues, { value: config, schema: fields }))
      fault(`${path.join('.') || 'the service config'}: ${reason}`);
  });

function objectOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What gRPC takes where a service config names no policy; the schemes of ours bring their own. */
export const policyOtherwise = (target: string): string =>
  isOfDiscovery(target) ? 'evenly_weighted_round_robin' : 'pick_first';

/**
 * The service config of the channel: what was given, else the named policy, else round robin. To be called when the
 * policies are registered.
 * @throws ServiceError BAD_CONFIG
 */
export function chosenServiceConfig(config: {
  serviceConfig: string | undefined;
  policy: string | undefined;
}): string {
  const { serviceConfig: text, policy } = config;
  if (text !== undefined && policy !== undefined) {
    throw new ServiceError('BAD_CONFIG', 'give --policy or --service-config, not both');
  }
  if (policy !== undefined) {
    checkPolicies('--policy', [{ [policy]: {} }]);
    return JSON.stringify({ loadBalancingConfig: [{ [policy]: {} }] });
  }
  if (text === undefined) return roundRobinServiceConfig;
  const { loadBalancingConfig } = JSON.parse(text) as { loadBalancingConfig?: unknown };
  if (loadBalancingConfig !== undefined) checkPolicies('--service-config', loadBalancingConfig);
  return text;
}

/** grpc-js takes pick_first where it knows none of the policies, and reads past options that it does not know. */
function checkPolicies(option: string, policies: unknown): void {
  const bad = (reason: string, cause?: unknown) =>
    new ServiceError('BAD_CONFIG', `${option}: loadBalancingConfig: ${reason}`, { cause });
  const list = Array.isArray(policies) ? (policies as unknown[]) : [];
  let chosen: experimental.TypedLoadBalancingConfig | null;
  try {
    chosen = experimental.selectLbConfigFromList(list as never, false);
  } catch (cause) {
    throw bad((cause as Error).message, cause);
  }
  if (chosen === null) {
    const names = list.flatMap((each) => (isObject(each) ? Object.keys(each) : []));
    throw bad(`no policy that is known here in [${names.join(', ')}]`);
  }
  // Ours are kept with what is wrong, which each call would tell.
  if ('fault' in chosen && typeof chosen.fault === 'string') throw bad(chosen.fault);
  const name = chosen.getLoadBalancerName();
  const given = list.find((each) => isObject(each) && name in each) as Record<string, unknown>;
  const unread = unreadFields(given, chosen.toJsonObject());
  if (unread.length > 0) throw bad(`grpc-js does not know ${unread.join(', ')}`);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What was given and is not in what grpc-js has made of it. */
function unreadFields(given: Record<string, unknown>, read: object, path = ''): string[] {
  return Object.entries(given).flatMap(([name, value]) => {
    if (!(name in read)) return [`${path}${name}`];
    const inside = (read as Record<string, unknown>)[name];
    return isObject(value) && isObject(inside) ? unreadFields(value, inside, `${path}${name}.`) : [];
  });
}
