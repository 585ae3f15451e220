import type { ServiceStatus } from '@evenly/local-cluster';
import { hostPort } from '@evenly/service';
import type { LabStatus } from './lab.ts';

/** `lab status` for people. */
export function statusText(status: LabStatus): string {
  const { dns, apps } = status;
  const appLines = apps.map(({ name, state, pid, ports }) => {
    const at = Object.entries(ports).map(([what, { address, port }]) => `${what} ${hostPort(address, port)}`);
    return `${name}: ${state}, pid ${pid ?? '-'}, ${at.join(', ')}`;
  });
  return [
    `scenario ${status.scenario}, pid ${status.pid}`,
    `DNS: ${dns.state}, ${hostPort(dns.address, dns.port)}, ${dns.counters.queries} queries`,
    ...appLines,
    ...(status.shares ? [`shares: ${JSON.stringify(status.shares)}`] : []),
    ...status.services.map(serviceText),
  ].join('\n');
}

/** One service with its pods, for people. */
export function serviceText({ name, replicas, pods, lastFailure }: ServiceStatus): string {
  const podLines = pods.map((pod) => {
    const at = pod.port === undefined ? '' : `, ${hostPort(pod.address, pod.port)}`;
    const health = pod.behaviour?.['healthy'] === false ? ', unhealthy' : '';
    return `  ${pod.name}: ${pod.state}${health}, pid ${pod.pid ?? '-'}${at}`;
  });
  const failure = lastFailure === undefined ? [] : [`  last failure: ${firstLine(lastFailure)}`];
  return [`${name}: ${replicas} wanted`, ...(pods.length === 0 ? ['  no pods'] : podLines), ...failure].join(
    '\n',
  );
}

const firstLine = (message: string) => message.split('\n', 1)[0]!.replace('; its last lines:', '');
