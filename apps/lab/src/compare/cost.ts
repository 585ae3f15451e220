import { setTimeout as sleep } from 'node:timers/promises';
import { CallLog } from '../measure/call-log.ts';
import { sampleOf, type FigureName, type Sample } from '../measure/figures.ts';
import { connectionsTo, cpuUs } from '../measure/processes.ts';
import { percentile } from '../measure/statistics.ts';
import type { Lab } from '../lab.ts';
import { mainService } from '../main-service.ts';
import type { Stage } from '../stage/stage.ts';

const warmUpMs = 1500;
const sliceMs = 1500;

/**
 * What a scenario costs: its client and one that calls a pod directly run at the same time, so that both meet the same
 * machine. CPU is that of the client and of what stands between (proxies, the xDS server), less that of the direct client.
 * @returns a list of values for each figure, one a slice
 */
export async function measureCost(lab: Lab, stage: Stage, options: CostOptions): Promise<CostFigures> {
  const { rounds, rate, signal } = options;
  const [pod] = lab.cluster.service(mainService).status.pods;
  const target = `dns:///${pod!.address}:${pod!.port}`;
  const logs = { client: new CallLog(), direct: new CallLog() };
  lab.calls.listen((call) => logs[call.client as keyof typeof logs].add(call));
  const [client, direct] = await Promise.all([
    stage.client('client', rate),
    stage.client('direct', rate, { target, env: {} }),
  ]);
  await sleep(warmUpMs, undefined, { signal });

  const clientPid = client.status.pid!;
  const ours = [clientPid, ...between(lab)];
  const theirs = [direct.status.pid!];
  const figures: CostFigures = { addedP50Ms: [], addedP99Ms: [], addedCpuUs: [], connections: [], parts: [] };
  for (let round = 0; round < rounds; round++) {
    const [fromMs, cpuBefore] = [Date.now(), [await cpuOf(ours), await cpuOf(theirs)] as const];
    await sleep(sliceMs, undefined, { signal });
    const [toMs, cpuAfter] = [Date.now(), [await cpuOf(ours), await cpuOf(theirs)] as const];
    const perCall = (log: CallLog, before?: number, after?: number) =>
      before === undefined || after === undefined
        ? undefined
        : (after - before) / log.between(fromMs, toMs).length;
    const latencies = [logs.client.latencies(fromMs, toMs), logs.direct.latencies(fromMs, toMs)] as const;
    const added = (share: number) =>
      sampleOf(difference(percentile(latencies[0], share), percentile(latencies[1], share)), noneSucceeded);
    figures.addedP50Ms.push(added(0.5));
    figures.addedP99Ms.push(added(0.99));
    const addedCpuUs = difference(
      perCall(logs.client, cpuBefore[0], cpuAfter[0]),
      perCall(logs.direct, cpuBefore[1], cpuAfter[1]),
    );
    figures.addedCpuUs.push(sampleOf(addedCpuUs, untold));
    figures.connections.push(sampleOf(await connectionsTo(clientPid, servingPorts(lab)), untold));
    figures.parts.push(ours.length - 1);
  }
  return figures;
}

export interface CostOptions {
  /** Slices of time that are looked at. */
  rounds: number;
  /** Calls a second of each of the two clients. */
  rate: number;
  signal: AbortSignal;
}

export type CostFigures = Record<
  Extract<FigureName, 'addedP50Ms' | 'addedP99Ms' | 'addedCpuUs' | 'connections' | 'parts'>,
  Sample[]
>;

/** Processes that work for the calls of the client, other than the pods. */
function between(lab: Lab): number[] {
  const { apps, services } = lab.status;
  const proxies = services.filter(({ name }) => name === 'proxy').flatMap(({ pods }) => pods);
  const helpers = apps.filter(({ name }) => name === 'l7-proxy' || name === 'xds-server');
  return [...proxies, ...helpers].flatMap(({ pid }) => pid ?? []);
}

/** Where calls are taken: pods, virtual IPs, proxies. */
function servingPorts(lab: Lab): Set<number> {
  const { apps, services } = lab.status;
  const ports = services.flatMap(({ pods, virtualIp }) => [...pods.map(({ port }) => port), virtualIp?.port]);
  const proxies = apps.map((app) => app.ports['proxy']?.port);
  return new Set([...ports, ...proxies].filter((port) => port !== undefined));
}

/** Of all together; undefined where it cannot be had. */
async function cpuOf(pids: readonly number[]): Promise<number | undefined> {
  const all = await Promise.all(pids.map(cpuUs));
  return all.includes(undefined) ? undefined : all.reduce<number>((sum, each) => sum + each!, 0);
}

const noneSucceeded = 'no call of one of the two clients succeeded';
const untold = 'this system does not tell it (there is no /proc), or a program had ended';

const difference = (a?: number, b?: number) => (a === undefined || b === undefined ? undefined : a - b);
