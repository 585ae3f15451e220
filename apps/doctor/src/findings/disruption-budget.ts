import { selects } from '@evenly/gateway-api';
import { workloadName } from '../inventory/workload.ts';
import { flowMap } from './manifest.ts';
import { seen, type Check } from './finding.ts';

/** Without a budget, draining nodes may end all pods at once. */
export const disruptionBudget: Check = ({ workloads, service }, { budgets, notRead }) => {
  const isUnknown = notRead.some(
    ({ what, namespace }) =>
      what === 'poddisruptionbudgets' && (namespace === undefined || namespace === service.namespace),
  );
  if (isUnknown) return [];
  return workloads
    .filter(({ kind, replicas }) => kind !== 'DaemonSet' && replicas !== undefined && replicas > 1)
    .filter(
      ({ namespace, pods }) =>
        !budgets.some(
          ({ meta, selector }) => meta.namespace === namespace && selector && selects(selector, pods.labels),
        ),
    )
    .map((workload) => ({
      id: 'no-disruption-budget',
      severity: 'warning',
      title: 'All pods may be evicted at once: there is no PodDisruptionBudget.',
      why: 'When nodes are drained, for an upgrade of the cluster, nothing keeps the last pod until another is ready.',
      evidence: [
        seen(`no PodDisruptionBudget in ${workload.namespace} selects the pods of ${workloadName(workload)}`),
      ],
      advice: [
        {
          text: 'Let one pod at a time go:',
          manifest: [
            'apiVersion: policy/v1',
            'kind: PodDisruptionBudget',
            `metadata: { name: ${workload.name}, namespace: ${workload.namespace} }`,
            'spec:',
            '  maxUnavailable: 1',
            `  selector: { matchLabels: ${flowMap(service.selector)} }`,
          ].join('\n'),
        },
      ],
    }));
};
