import type { Diagnosis } from '../findings/index.ts';
import { blindSpots, balanced, typeOf } from './summary.ts';

/** Raised when a field changes its meaning or goes away; new fields may come at any time. */
export const jsonVersion = 1;

/** The report for programs: docs/doctor.md has its form. */
export function jsonReport(diagnosis: Diagnosis): object {
  const { inventory, services } = diagnosis;
  return {
    version: jsonVersion,
    namespaces: inventory.namespaces,
    isComplete: inventory.notRead.length === 0,
    notRead: inventory.notRead,
    containersWithHiddenEnvironment: blindSpots(diagnosis),
    services: services.map((service) => ({
      namespace: service.service.namespace,
      name: service.service.name,
      type: typeOf(service),
      role: service.role,
      programs: service.programs,
      ports: service.ports.map(({ port: { name, port, appProtocol }, saysSo, evidence }) => ({
        ...{ name, port, appProtocol: appProtocol ?? null, saysGrpc: saysSo, evidence },
      })),
      workloads: service.workloads.map(({ kind, name, replicas }) => ({
        kind,
        name,
        replicas: replicas ?? null,
      })),
      balanced: balanced(service),
      clients: service.clients.map(({ endpointsFrom, target, port: _, ...client }) => ({
        ...client,
        endpointsFrom: endpointsFrom ?? null,
        target: target ?? null,
      })),
      splits: service.splits,
      findings: service.findings.map(({ oneOf, ...finding }) => ({ ...finding, oneOf: oneOf ?? false })),
    })),
  };
}
