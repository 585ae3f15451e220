import type { PodStatus } from '@evenly/local-cluster';
import { hostPort } from '@evenly/service';

const timeoutMs = 800;

/**
 * A counter of a pod, added up over its labels, as the pod itself says it on its admin port.
 * @param labels only what has this text in its labels
 * @returns undefined if the pod does not say: it is gone, or hangs
 */
export async function counterOf(
  { address, adminPort }: PodStatus,
  metric: string,
  labels = '',
): Promise<number | undefined> {
  if (adminPort === undefined) return undefined;
  const url = `http://${hostPort(address, adminPort)}/metrics`;
  const text = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    .then((response) => response.text())
    .catch(() => undefined); // what that means is for the caller to say
  const rows = text?.split('\n').filter((row) => row.startsWith(`${metric}{`) && row.includes(labels));
  return rows?.reduce((sum, row) => sum + Number(row.slice(row.lastIndexOf(' '))), 0);
}
