import type { GrpcService } from '../balancing/grpc-service.ts';
import type { Workload } from '../inventory/workload.ts';

const versions: Readonly<Record<string, string>> = {
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  ReplicaSet: 'apps/v1',
  Job: 'batch/v1',
};

const indented = (lines: readonly string[], by: number) => lines.map((line) => `${' '.repeat(by)}${line}`);

/** The lines of a Service, as a patch has them. */
export function serviceLines({ service }: GrpcService, spec: readonly string[], name = service.name): string {
  return [
    'apiVersion: v1',
    'kind: Service',
    `metadata: { name: ${name}, namespace: ${service.namespace} }`,
    'spec:',
    ...indented(spec, 2),
  ].join('\n');
}

/** Lines of a workload's spec. */
export function workloadLines({ kind, namespace, name }: Workload, spec: readonly string[]): string {
  return [
    `apiVersion: ${versions[kind] ?? 'v1'}`,
    `kind: ${kind}`,
    `metadata: { name: ${name}, namespace: ${namespace} }`,
    'spec:',
    ...indented(spec, 2),
  ].join('\n');
}

/** Lines of the pods that a workload makes; of a pod that nobody makes, its own. */
export function podLines(workload: Workload, spec: readonly string[]): string {
  if (workload.kind === 'Pod') return workloadLines(workload, spec);
  return workloadLines(workload, ['template:', '  spec:', ...indented(spec, 4)]);
}

/** Lines of one container of them. */
export function containerLines(workload: Workload, container: string, lines: readonly string[]): string[] {
  return ['containers:', `  - name: ${container}`, ...indented(lines, 4)];
}

/** `{ app: cart, tier: backend }` */
export const flowMap = (map: Readonly<Record<string, string>>) =>
  `{ ${Object.entries(map)
    .map(([key, value]) => `${key}: ${scalar(value)}`)
    .join(', ')} }`;

/** Quoted, where YAML would take it for something else than a text. */
const scalar = (value: string) =>
  /^[a-z][a-z0-9./-]*$/i.test(value) && !/^(true|false|yes|no|on|off|null|y|n)$/i.test(value)
    ? value
    : JSON.stringify(value);
