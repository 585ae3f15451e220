import { listenerFaults } from './checks/listener-checks.ts';
import { routeFaults } from './checks/route-checks.ts';
import { serviceFaults } from './checks/service-checks.ts';
import type { ConfigPart } from './config-part.ts';
import { ConfigError } from './errors.ts';
import type { MeshConfig } from './mesh-config.ts';

/**
 * Makes one config of what several files say, and checks how it fits together: names that are there twice (in one file
 * or two), routes to what is not there, routes that can never match, listeners on the same port.
 * Routes keep the order of the parts, and each part's own.
 * @throws ConfigError with file, line, field and reason of every fault
 */
export function mergeConfigs(parts: readonly ConfigPart[]): MeshConfig {
  const config: MeshConfig = {
    services: new Map(parts.flatMap((part) => [...part.config.services])),
    routes: parts.flatMap((part) => part.config.routes),
    listeners: parts.flatMap((part) => part.config.listeners),
  };
  const faults = [...serviceFaults(parts), ...routeFaults(parts, config), ...listenerFaults(parts, config)];
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}
