import { workloadName, type Workload } from '../inventory/workload.ts';
import type { Probe } from '../inventory/objects/container.ts';
import { containerLines, podLines } from './manifest.ts';
import { seen, type Check, type Finding } from './finding.ts';
import { serverContainer, type ServerContainer } from './server-container.ts';

/** Pods get calls as soon as they are ready: who says so should be the gRPC server itself. */
export const readinessProbe: Check = (service) =>
  // Of Evenly's own programs it is known that /readyz speaks for all that they serve.
  service.role !== 'server'
    ? []
    : service.workloads.flatMap((workload) => {
        const server = serverContainer(service, workload);
        return server === undefined ? [] : findingOf(workload, server);
      });

function findingOf(workload: Workload, { container, port }: ServerContainer): Finding[] {
  const { readiness } = container;
  if (readiness?.kind === 'grpc') return [];
  if (readiness?.kind === 'exec' && readiness.command.join(' ').includes('grpc')) return [];
  const { severity, title } = wordsFor(readiness);
  return [
    {
      id: 'no-grpc-readiness',
      severity,
      title,
      why: whyOf(readiness),
      evidence: [
        seen(
          `${workloadName(workload)}, container ${container.name}: ` +
            (readiness === undefined ? 'no readinessProbe' : `readinessProbe of type ${readiness.kind}`),
        ),
      ],
      advice: [
        {
          text: 'Serve grpc.health.v1 in the program, and let the kubelet ask it:',
          manifest: podLines(
            workload,
            containerLines(workload, container.name, [
              `readinessProbe: { grpc: { port: ${port ?? 'PORT'} }, periodSeconds: 2 }`,
            ]),
          ),
        },
      ],
    },
  ];
}

function wordsFor(probe: Probe | undefined): Pick<Finding, 'severity' | 'title'> {
  switch (probe?.kind) {
    case undefined:
      return {
        severity: 'error',
        title: 'Pods get calls before they can answer: there is no readiness probe.',
      };
    case 'tcpSocket':
      return { severity: 'warning', title: 'The readiness probe asks only whether the port is open.' };
    default:
      return { severity: 'note', title: 'The readiness probe does not ask the gRPC server itself.' };
  }
}

const whyOf = (probe: Probe | undefined): string =>
  probe === undefined
    ? 'Without a probe a container counts as ready when it has started, and whatever its health says. Calls fail while ' +
      'it starts, and a pod that cannot serve keeps its share of the calls.'
    : probe.kind === 'tcpSocket'
      ? 'A server that listens but cannot serve keeps its share of the calls, and each of them fails.'
      : 'It is right only as far as what it asks speaks for the gRPC server too.';
