import { workloadName } from '../inventory/workload.ts';
import { workloadLines } from './manifest.ts';
import { seen, type Check } from './finding.ts';

/** One pod: nothing to balance, and nobody there while it is replaced. */
export const singleReplica: Check = ({ workloads }) =>
  // Several workloads, such as two versions, stand in for each other.
  workloads.length > 1
    ? []
    : workloads
        .filter(({ replicas }) => replicas !== undefined && replicas < 2)
        .map((workload) => ({
          id: 'single-replica',
          severity: 'warning',
          title:
            workload.replicas === 0
              ? 'There are no pods: it is scaled to 0.'
              : 'There is one pod: when it fails or its node is drained, every call fails.',
          why: 'Balancing needs at least two pods, and so does a restart that no call notices.',
          evidence: [seen(`${workloadName(workload)} has replicas: ${workload.replicas}`)],
          advice: [{ text: 'Run at least two:', manifest: workloadLines(workload, ['replicas: 2']) }],
        }));
