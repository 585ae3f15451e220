import type { LocalCluster, Pod } from '@evenly/local-cluster';
import { LabError } from './errors.ts';

/** What of a pod's behaviour somebody is about to change; see {@link podOf}. */
export type Change = { healthy: boolean } | undefined;

/**
 * The pod of a name. A service's name stands for any of its pods that run, because pods have other names after each restart: for a
 * change of its health it is one that has not been changed so.
 * @throws LocalClusterError UNKNOWN_POD, LabError NO_POD_RUNS
 */
export function podOf(cluster: LocalCluster, name: string, change?: Change): Pod {
  const service = cluster.services.find((each) => each.name === name);
  if (service === undefined) return cluster.pod(name);
  const running = service.pods.filter(({ state }) => state === 'running');
  const pod =
    running.find((each) => change === undefined || isHealthy(each) !== change.healthy) ?? running[0];
  if (pod !== undefined) return pod;
  throw new LabError('NO_POD_RUNS', `${name} has no pod that runs`);
}

const isHealthy = ({ status }: Pod) => status.behaviour?.['healthy'] !== false;
