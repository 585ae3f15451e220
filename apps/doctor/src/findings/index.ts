import { grpcServices, type GrpcService } from '../balancing/grpc-service.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { annotations } from './annotations.ts';
import { disruptionBudget } from './disruption-budget.ts';
import { draining } from './draining.ts';
import { severities, type Check, type Finding } from './finding.ts';
import { headlessClients } from './headless-clients.ts';
import { headlessPort } from './headless-port.ts';
import { missingInjection } from './missing-injection.ts';
import { noPods } from './no-pods.ts';
import { oneConnection } from './one-connection.ts';
import { portSaysGrpc } from './port-says-grpc.ts';
import { publishNotReady } from './publish-not-ready.ts';
import { readinessProbe } from './readiness-probe.ts';
import { singleReplica } from './single-replica.ts';

/** What is looked for; what matters most comes first among those of the same severity. */
const checks: readonly Check[] = [
  noPods,
  oneConnection,
  headlessPort,
  missingInjection,
  headlessClients,
  publishNotReady,
  readinessProbe,
  portSaysGrpc,
  annotations,
  singleReplica,
  draining,
  disruptionBudget,
];

export interface Diagnosis {
  inventory: Inventory;
  /** The worst first. */
  services: readonly DiagnosedService[];
}

export interface DiagnosedService extends GrpcService {
  findings: readonly Finding[];
}

/** Says of each gRPC Service what is wrong. Pure. */
export function diagnose(inventory: Inventory): Diagnosis {
  const services = grpcServices(inventory).map((service) => ({
    ...service,
    findings: checks.flatMap((check) => check(service, inventory)).sort(bySeverity),
  }));
  return { inventory, services: services.sort((a, b) => rank(a) - rank(b)) };
}

const bySeverity = (a: Finding, b: Finding) =>
  severities.indexOf(a.severity) - severities.indexOf(b.severity);

const rank = ({ findings: [worst] }: DiagnosedService) =>
  worst === undefined ? severities.length : severities.indexOf(worst.severity);
