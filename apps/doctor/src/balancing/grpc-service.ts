import { discoveredPorts, keyOf, type ServicePort } from '@evenly/gateway-api';
import type { Inventory } from '../inventory/inventory.ts';
import type { Workload } from '../inventory/workload.ts';
import type { ServiceObject } from '../inventory/objects/service.ts';
import { optionOf } from '../inventory/options-of.ts';
import type { Program } from '../inventory/programs.ts';
import { addRoutes } from './routes.ts';
import type { Client } from './client.ts';
import { CallFinder } from './find-calls.ts';
import { selectedBy } from './selected-by.ts';
import { splitsOf, type Split } from './served.ts';

/** A Service that speaks gRPC, with all that is known of its pods and clients. */
export interface GrpcService {
  service: ServiceObject;
  /** Those of its ports that speak gRPC. */
  ports: readonly GrpcPort[];
  /** What is behind it: a control plane has one stream a client, whoever balances. */
  role: 'server' | 'proxy' | 'control-plane';
  workloads: readonly Workload[];
  clients: readonly Client[];
  /** Of Evenly's programs behind it, by what they know what to serve. */
  programs: readonly { kind: Program['kind']; follows: readonly Follows[] }[];
  /** Where calls to it go by shares. */
  splits: readonly Split[];
}

export type Follows = 'config' | 'discover' | 'gateway-api' | 'xds';

export interface GrpcPort {
  port: ServicePort;
  /** It says so itself, as `xds-server --discover` reads it; else what else says so. */
  saysSo: boolean;
  evidence: readonly string[];
}

/** The gRPC Services of a cluster, by namespace and name. */
export function grpcServices(inventory: Inventory): GrpcService[] {
  const finder = new CallFinder(inventory);
  const { routed, backends } = addRoutes(inventory, finder.names, finder.calls);
  const splits = inventory.programs.flatMap((program) => splitsOf(program, finder.names));
  const served = new Set([...finder.served.values()].flat().map(({ service }) => service));
  const found = inventory.services.flatMap((service): GrpcService[] => {
    const workloads = selectedBy(service, inventory.workloads);
    const clients = finder.calls.of(service);
    const hints = { workloads, clients, isServed: served.has(service), isBackend: backends.has(service) };
    const ports = grpcPortsOf(service, hints);
    const programs = inventory.programs.filter(
      ({ workload, isBesideOthers }) => !isBesideOthers && workloads.includes(workload),
    );
    if (ports.length === 0) return [];
    const key = keyOf(service);
    return [
      {
        service,
        ports,
        role: roleOf(service, programs, finder),
        programs: programs.map((program) => ({ kind: program.kind, follows: followedBy(program) })),
        workloads,
        clients,
        splits: [
          ...routed.filter((one) => one.service === service).map(({ split }) => split),
          ...splits.filter(({ shares }) => shares.some((share) => share.service === key)),
        ],
      },
    ];
  });
  return found.sort((a, b) => (keyOf(a.service) < keyOf(b.service) ? -1 : 1));
}

function roleOf(
  service: ServiceObject,
  programs: readonly Program[],
  { controlPlanes }: CallFinder,
): GrpcService['role'] {
  const has = (wanted: Program['kind']) => programs.some(({ kind }) => kind === wanted);
  if (controlPlanes.has(service) || has('xds-server')) return 'control-plane';
  return has('l7-proxy') ? 'proxy' : 'server';
}

function followedBy({ container, discover, followsGatewayApi, xdsServer }: Program): Follows[] {
  return [
    ...(optionOf(container, 'config') === undefined ? [] : ['config' as const]),
    ...(discover.length === 0 ? [] : ['discover' as const]),
    ...(followsGatewayApi ? ['gateway-api' as const] : []),
    ...(xdsServer === undefined ? [] : ['xds' as const]),
  ];
}

interface Hints {
  workloads: readonly Workload[];
  clients: readonly Client[];
  isServed: boolean;
  isBackend: boolean;
}

/** gRPC's own schemes: who names a port by one of them speaks gRPC to it. */
const grpcTarget = /^(dns|xds|k8s|kubernetes|dns\+srv|grpc|grpcs|passthrough):/i;

/** Those that say so; else those of which pods, clients or routes say it. */
function grpcPortsOf({ discoverable, targetPorts }: ServiceObject, hints: Hints): GrpcPort[] {
  const saying = discoveredPorts(discoverable);
  return discoverable.ports.flatMap((port): GrpcPort[] => {
    if (saying.includes(port)) {
      return [{ port, saysSo: true, evidence: [howItSays(port, discoverable.notes.get('discover'))] }];
    }
    // Somebody has said that it is not to be taken for one.
    if (discoverable.notes.get('discover') === 'false') return [];
    const evidence = evidenceOf(
      port,
      targetPorts.get(port.port) ?? port.port,
      hints,
      discoverable.ports.length,
    );
    return evidence.length === 0 ? [] : [{ port, saysSo: false, evidence }];
  });
}

function howItSays({ name, appProtocol }: ServicePort, note: string | undefined): string {
  if (note !== undefined) return `annotation evenly.dev/discover: ${note}`;
  return appProtocol === undefined ? `its name is ${name}` : `appProtocol: ${appProtocol}`;
}

function evidenceOf(
  { port, name }: ServicePort,
  target: number | string,
  { workloads, clients, isServed, isBackend }: Hints,
  ports: number,
): string[] {
  const evidence: string[] = [];
  for (const { pods } of workloads)
    for (const container of pods.containers) {
      const own = container.ports.find((one) => one.name === target || one.containerPort === target);
      const number = own?.containerPort ?? target;
      for (const probe of [container.readiness, container.liveness])
        if (probe?.kind === 'grpc' && probe.port === number)
          evidence.push(`container ${container.name} has a gRPC probe on port ${probe.port}`);
      if (own && /^grpc(-|$)/.test(own.name) && !/^grpc-web(-|$)/.test(own.name))
        evidence.push(`container ${container.name} names the port ${own.name}`);
    }
  for (const client of clients) {
    const isThis = client.port === undefined ? ports === 1 : [String(port), name].includes(client.port);
    if (isThis && client.target !== undefined && grpcTarget.test(client.target))
      evidence.push(`${client.kind.toLowerCase()}/${client.name} calls ${client.target}`);
  }
  if (ports === 1 && isServed) evidence.push("a config of Evenly's has it as a source of endpoints");
  if (ports === 1 && isBackend) evidence.push('a GRPCRoute has it as a backend');
  return [...new Set(evidence)];
}
