import { formatDuration, hostPort } from '@evenly/service';
import { commandAt } from './command-at.ts';
import type { LabStatus } from './lab.ts';
import { mainService } from './main-service.ts';

/** What to tell the person once all runs: what can be reached where, and what is worth trying. */
export interface Guide {
  running: { what: string; where: string }[];
  tries: { command: string; why: string }[];
}

/** @param labPort of the REST API */
export function guideOf({ apps, dns, services }: LabStatus, refreshMs: number, labPort: number): Guide {
  const refresh = formatDuration(refreshMs);
  const listening = apps.flatMap(({ name, ports }) => {
    const at = name === 'client' ? undefined : (ports['http'] ?? ports['xds'] ?? ports['proxy']);
    return at ? [{ name, where: hostPort(at.address, at.port), isHttp: ports['http'] !== undefined }] : [];
  });
  const url = listening.filter(({ isHttp }) => isHttp).map(({ where }) => `http://${where}`)[0];
  const curls = services
    .filter(({ name }) => ['be1-srv', 'be2-srv'].includes(name))
    .map(({ name }) => ({ command: `curl ${url}/${name}`, why: '15 calls, spread over its pods' }));
  return {
    running: [
      ...listening.map(({ name, where, isHttp }) => ({
        what: name,
        where: isHttp ? `http://${where}` : where,
      })),
      { what: 'DNS server', where: `${hostPort(dns.address, dns.port)} (UDP and TCP)` },
      ...services.map(({ name, pods }) => ({
        what: name,
        where: pods.map((pod) => `${pod.name} ${hostPort(pod.address, pod.port ?? 0)}`).join(', '),
      })),
    ],
    tries: [
      ...(url === undefined ? [] : curls),
      {
        command: commandAt(`scale ${mainService} 10`, labPort),
        why: `then curl again: all ten within ${refresh}`,
      },
      { command: commandAt(`restart ${mainService}`, labPort), why: 'a rolling restart; no call fails' },
      {
        command: commandAt(`unhealthy ${mainService}-1`, labPort),
        why: `gets no calls after ${refresh}; "healthy" brings it back`,
      },
      { command: commandAt('status', labPort), why: 'what runs now' },
    ],
  };
}
