import type { HealthChecker } from './checker.ts';
import type { HealthCheckOptions } from './grpc-checker.ts';

/**
 * Asks by `grpc.health.v1.Health/Check`. gRPC's client is loaded when the first endpoint is to be checked: a proxy whose
 * services have no health checks does without its 13 MB.
 */
export function grpcHealthChecker(options: HealthCheckOptions): HealthChecker {
  let loading: Promise<HealthChecker> | undefined;
  const load = () =>
    (loading ??= import('./grpc-checker.ts').then((module) => module.grpcHealthChecker(options)));
  const whenLoaded = (use: (checker: HealthChecker) => void) => void loading?.then(use);
  return {
    check: async (endpoint) => (await load()).check(endpoint),
    retain: (endpoints) => whenLoaded((checker) => checker.retain(endpoints)),
    close: () => whenLoaded((checker) => checker.close()),
  };
}
