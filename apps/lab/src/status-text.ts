import type { PodStatus, ServiceStatus } from '@evenly/local-cluster';
import { hostPort } from '@evenly/service';
import type { AppStatus } from './app.ts';
import { commandAt } from './command-at.ts';
import type { LabStatus, Shares } from './lab.ts';

/** `lab status` for people. @param labPort of the REST API, for the commands that mend something */
export function statusText(status: LabStatus, labPort: number): string {
  const { dns, apps } = status;
  const dnsHint = dns.state === 'running' ? '' : `; to start it: ${commandAt('dns start', labPort)}`;
  return [
    `scenario ${status.scenario}, pid ${status.pid}`,
    `DNS: ${dns.state}, ${hostPort(dns.address, dns.port)}, ${dns.counters.queries} queries${dnsHint}`,
    ...apps.map((app) => appText(app, labPort)),
    ...(status.shares ? [`shares: ${sharesText(status.shares)}`] : []),
    ...status.services.map(serviceText),
  ].join('\n');
}

function appText({ name, state, lost, pid, ports }: AppStatus, labPort: number): string {
  if (state === 'ended') {
    return `${name}: ${lost ?? 'ended'}; to bring it back: ${commandAt(`restart ${name}`, labPort)}`;
  }
  const at = Object.entries(ports).map(([what, { address, port }]) => `${what} ${hostPort(address, port)}`);
  return `${name}: ${state}, pid ${pid ?? '-'}, ${at.join(', ')}`;
}

/** In percent, whatever the weights add up to. */
function sharesText(shares: Shares): string {
  const total = Object.values(shares).reduce((sum, weight) => sum + weight, 0);
  return Object.entries(shares)
    .map(([name, weight]) => `${name} ${Math.round((1000 * weight) / total) / 10} %`)
    .join(', ');
}

/** One service with its pods, for people. */
export function serviceText(service: ServiceStatus): string {
  const { name, pods, lastFailure } = service;
  const podLines = pods.map((pod) => {
    const at = pod.port === undefined ? '' : `, ${hostPort(pod.address, pod.port)}`;
    const changed = behaviourText(pod);
    return `  ${pod.name}: ${pod.state}${changed === '' ? '' : `, ${changed}`}, pid ${pod.pid ?? '-'}${at}`;
  });
  const failure = lastFailure === undefined ? [] : [`  last failure: ${firstLine(lastFailure)}`];
  const lines = pods.length === 0 ? ['  no pods: nobody answers calls'] : podLines;
  return [`${name}: ${replicasText(service)}`, ...lines, ...failure].join('\n');
}

/** `4 of 10 pods run, 1 of them unhealthy`. */
export function replicasText({ replicas, pods }: ServiceStatus): string {
  const running = pods.filter(({ state }) => state === 'running');
  const unhealthy = running.filter(({ behaviour }) => behaviour?.['healthy'] === false).length;
  const of = `${running.length} of ${replicas} ${replicas === 1 ? 'pod runs' : 'pods run'}`;
  return unhealthy === 0 ? of : `${of}, ${unhealthy} of them unhealthy`;
}

/** What differs from a pod that nobody has touched: `unhealthy, delay 200ms`. */
export function behaviourText({ behaviour = {} }: Pick<PodStatus, 'behaviour'>): string {
  const { healthy, delay, failRatio, hang } = behaviour;
  return [
    healthy === false && 'unhealthy',
    typeof delay === 'string' && !/^0m?s$/.test(delay) && `delay ${delay}`,
    typeof failRatio === 'number' && failRatio > 0 && `fails ${Math.round(failRatio * 100)} % of its calls`,
    hang === true && 'answers nothing',
  ]
    .filter((text) => text !== false)
    .join(', ');
}

const firstLine = (message: string) => message.split('\n', 1)[0]!.replace('; its last lines:', '');
