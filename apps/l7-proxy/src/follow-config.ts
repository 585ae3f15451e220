import { followConfigFilesFromNow } from '@evenly/live-mesh';
import { ConfigError, type MeshConfig } from '@evenly/mesh-config';
import { ServiceError, type Runtime } from '@evenly/service';

export interface FollowListener {
  log: Runtime['log'];
  onTaken: () => void;
  onRefused: (reason: string) => void;
}

/**
 * Brings the proxy to its config files, now and on every change. Files that are broken later are refused, said and counted,
 * and the last good config stays.
 * @returns stops following
 * @throws ServiceError BAD_CONFIG when the first files are broken, with every fault; or when a port cannot be had
 */
export async function followConfig(
  files: readonly string[],
  apply: (config: MeshConfig) => Promise<void>,
  { log, onTaken, onRefused }: FollowListener,
): Promise<() => void> {
  let first: Promise<void> | undefined;
  const onConfig = (config: MeshConfig) => {
    const applied = apply(config);
    if (first === undefined) first = applied;
    else
      applied.then(onTaken, (error: Error) => {
        if (error instanceof ConfigError) return refused(error);
        // All of it but a listener without its port is at work.
        onTaken();
        log.error(
          { reason: error.message },
          'config not applied as a whole; listeners without their ports are tried again',
        );
      });
  };
  const refused = (error: Error) => {
    onRefused(error.message);
    const faults = error instanceof ConfigError ? error.faults : undefined;
    log.error({ faults, reason: error.message }, 'config refused; the last good one stays');
  };
  const cannotUse = (cause: Error) =>
    new ServiceError('BAD_CONFIG', `cannot use ${files.join(', ')}:\n${cause.message}`, { cause });
  let stop: () => void;
  try {
    stop = await followConfigFilesFromNow(files, {}, { onConfig, onRefused: refused });
  } catch (cause) {
    throw cannotUse(cause as Error);
  }
  await first!.catch((error: Error) => {
    stop();
    throw error instanceof ConfigError ? cannotUse(error) : error;
  });
  return stop;
}
