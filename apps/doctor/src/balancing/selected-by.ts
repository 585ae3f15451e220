import type { Workload } from '../inventory/workload.ts';
import type { ServiceObject } from '../inventory/objects/service.ts';

/** Whose pods a Service leads to. */
export function selectedBy(
  { selector, namespace }: ServiceObject,
  workloads: readonly Workload[],
): Workload[] {
  const wanted = Object.entries(selector);
  if (wanted.length === 0) return [];
  return workloads.filter(
    (workload) =>
      workload.namespace === namespace && wanted.every(([key, value]) => workload.pods.labels[key] === value),
  );
}
