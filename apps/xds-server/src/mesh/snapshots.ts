import { SaidOnce } from '@evenly/endpoints';
import { SnapshotStore } from '@evenly/live-mesh';
import type { Runtime } from '@evenly/service';
import type { ServerConfig } from '../config.ts';
import type { Metrics } from '../metrics.ts';

/** The snapshot of `--snapshot-dir`. One that cannot be read or written is said and counted, and the server goes on without. */
export async function openSnapshots(
  config: ServerConfig,
  { log, metrics }: { log: Runtime['log']; metrics: Metrics },
): Promise<SnapshotStore | undefined> {
  const { snapshotDir: directory, staleAfter: maxAgeMs } = config;
  if (directory === undefined) return undefined;
  const said = new SaidOnce();
  const onError = (error: Error) => {
    metrics.snapshotErrors.inc();
    if (said.isNew(error.message)) log.warn({ reason: error.message }, 'no snapshot of the endpoints');
  };
  return SnapshotStore.open({ directory, maxAgeMs, onError });
}
