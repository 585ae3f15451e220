import { experimental } from '@grpc/grpc-js';
import { ServiceError } from '@evenly/service';
import { roundRobinServiceConfig } from '@evenly/service/grpc';
import { z } from 'zod';

/** A gRPC service config in its JSON form, as text. */
export const serviceConfig = () =>
  z.string().refine(
    (text) => {
      try {
        const value: unknown = JSON.parse(text);
        return typeof value === 'object' && value !== null && !Array.isArray(value);
      } catch {
        return false;
      }
    },
    {
      error:
        'expected a service config as a JSON object, such as {"loadBalancingConfig":[{"round_robin":{}}]}',
    },
  );

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

/** grpc-js takes pick_first where it knows none of the policies, and does not say so. */
function checkPolicies(option: string, policies: unknown): void {
  const list = Array.isArray(policies) ? (policies as unknown[]) : [];
  const names = list.flatMap((policy) =>
    typeof policy === 'object' && policy !== null ? Object.keys(policy) : [],
  );
  try {
    if (experimental.selectLbConfigFromList(list as never, false) !== null) return;
  } catch (cause) {
    throw new ServiceError('BAD_CONFIG', `${option}: loadBalancingConfig: ${(cause as Error).message}`, {
      cause,
    });
  }
  throw new ServiceError(
    'BAD_CONFIG',
    `${option}: loadBalancingConfig: no policy that is known here in [${names.join(', ')}]`,
  );
}
