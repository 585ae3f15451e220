import { followConfigFilesFromNow } from '@evenly/live-mesh';
import { ConfigError } from '@evenly/mesh-config';
import { ServiceError, type Runtime } from '@evenly/service';
import type { ServerConfig } from '../config.ts';
import type { Metrics } from '../metrics.ts';
import type { ConfigParts } from './config-parts.ts';
import type { ServedMesh } from './served-mesh.ts';

/**
 * Applies the config files now and on every change. Files that are broken later are refused, said and counted, and the
 * last good config stays. Without any file, what files say is nothing.
 * @returns stops following
 * @throws ServiceError BAD_CONFIG when the first files are broken, with every fault
 */
export async function followConfig(
  mesh: ServedMesh,
  parts: ConfigParts,
  { config, log, metrics }: { config: ServerConfig; log: Runtime['log']; metrics: Metrics },
): Promise<() => void> {
  if (config.config.length === 0) {
    parts.set('files', { services: new Map(), routes: [], listeners: [] });
    return () => undefined;
  }
  const options = {
    clusterDomain: config.clusterDomain,
    refreshMs: config.refresh,
    healthTimeoutMs: config.healthTimeout,
    ...(config.healthInterval === undefined ? {} : { healthIntervalMs: config.healthInterval }),
  };
  const onRefused = (error: Error) => {
    metrics.configErrors.inc();
    mesh.refused(error.message);
    const faults = error instanceof ConfigError ? error.faults : undefined;
    log.error({ faults, reason: error.message }, 'config refused; the last good one stays');
  };
  try {
    return await followConfigFilesFromNow(config.config, options, {
      onConfig: (next) => parts.set('files', next),
      onRefused,
    });
  } catch (cause) {
    const files = config.config.join(', ');
    throw new ServiceError('BAD_CONFIG', `cannot use ${files}:\n${(cause as Error).message}`, { cause });
  }
}
