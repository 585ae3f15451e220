import { meshOf } from '../balancing/mesh.ts';
import { workloadName } from '../inventory/workload.ts';
import { seen, type Check } from './finding.ts';

/** A mesh was asked for after the pods had been made: they run without it. */
export const missingInjection: Check = ({ clients }, inventory) =>
  inventory.workloads
    .filter((workload) =>
      clients.some(
        ({ kind, namespace, name }) =>
          kind === workload.kind && namespace === workload.namespace && name === workload.name,
      ),
    )
    .flatMap((workload) => {
      const mesh = meshOf(workload, inventory);
      if (!mesh?.isMissing) return [];
      const { namespace } = workload;
      return {
        id: 'sidecar-missing',
        severity: 'error',
        title: `A service mesh was asked for, but the pods of the client ${workloadName(workload)} run without its proxy.`,
        why: 'Sidecars are put into pods when these are made. Older pods have none, and nothing balances their calls.',
        evidence: [
          seen(mesh.evidence),
          seen(`the ${workload.running.length} pods that run have no such container`),
        ],
        advice: [
          {
            text: 'Make the pods anew:',
            manifest: `kubectl --namespace=${namespace} rollout restart ${workloadName(workload)}`,
          },
        ],
      };
    });
