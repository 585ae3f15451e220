import { workloadName, type Workload } from '../inventory/workload.ts';
import { containerLines, podLines } from './manifest.ts';
import { seen, type Check, type Finding } from './finding.ts';
import { serverContainer, type ServerContainer } from './server-container.ts';

/** Calls come until everybody has heard that a pod goes; then those under way need time to end. */
const propagationSeconds = 5;
const leastDrainSeconds = 10;

/** A pod that ends has to serve for a while: its end is known elsewhere a little later. */
export const draining: Check = (service) =>
  service.workloads.flatMap((workload) => {
    const server = serverContainer(service, workload);
    return server === undefined ? [] : [...noPreStop(workload, server), ...shortGrace(workload, server)];
  });

function noPreStop(workload: Workload, { container }: ServerContainer): Finding[] {
  if (container.preStop !== undefined) return [];
  const { graceSeconds } = workload.pods;
  const lines = [
    `terminationGracePeriodSeconds: ${Math.max(graceSeconds, 30 + propagationSeconds)}`,
    ...containerLines(workload, container.name, [
      `lifecycle: { preStop: { sleep: { seconds: ${propagationSeconds} } } }`,
    ]),
  ];
  return [
    {
      id: 'no-pre-stop',
      severity: 'warning',
      title: 'Pods that end refuse calls that are still sent to them.',
      why:
        'A pod is told to end at the same moment as everybody else is told that it goes. Without a preStop hook it may ' +
        'stop listening before clients, nodes and proxies have heard of it.',
      evidence: [seen(`${workloadName(workload)}, container ${container.name}: no preStop hook`)],
      advice: [
        {
          text: 'Wait before the server is told to end (sleep needs Kubernetes 1.30; before, exec a sleep):',
          manifest: podLines(workload, lines),
        },
      ],
    },
  ];
}

function shortGrace(workload: Workload, { container }: ServerContainer): Finding[] {
  const { graceSeconds } = workload.pods;
  const waited = container.preStop?.seconds ?? 0;
  if (graceSeconds - waited >= leastDrainSeconds) return [];
  return [
    {
      id: 'short-grace',
      severity: 'warning',
      title: `Calls that are under way have ${Math.max(0, graceSeconds - waited)} s to end, then they are cut.`,
      why:
        'The grace period begins before the preStop hook, and what is left of it is all the time that the server has to ' +
        'finish its calls.',
      evidence: [
        seen(
          `${workloadName(workload)}: terminationGracePeriodSeconds ${graceSeconds}, preStop of container ` +
            `${container.name} ${container.preStop === undefined ? 'none' : `${waited} s`}`,
        ),
      ],
      advice: [
        {
          text: 'Give it the time of the hook and that of your longest calls:',
          manifest: podLines(workload, [`terminationGracePeriodSeconds: ${waited + 30}`]),
        },
      ],
    },
  ];
}
