import type { GrpcService } from '../balancing/grpc-service.ts';
import type { Workload } from '../inventory/workload.ts';
import type { Container } from '../inventory/objects/container.ts';

/** The container that answers on a port of the Service, and the port's number there. */
export interface ServerContainer {
  container: Container;
  port: number | undefined;
}

/** Containers that others have put into pods. */
const injected = new Set(['istio-proxy', 'linkerd-proxy']);

/** @returns undefined where the manifest does not say which container it is: several, and none names the port */
export function serverContainer(
  { service, ports }: GrpcService,
  { pods }: Workload,
): ServerContainer | undefined {
  const [first] = ports;
  const target = first && (service.targetPorts.get(first.port.port) ?? first.port.port);
  for (const container of pods.containers) {
    const own = container.ports.find(
      ({ name, containerPort }) => name === target || containerPort === target,
    );
    if (own) return { container, port: own.containerPort };
  }
  const candidates = pods.containers.filter(
    ({ name, isNativeSidecar }) => !isNativeSidecar && !injected.has(name),
  );
  const [container] = candidates;
  if (candidates.length !== 1 || container === undefined) return undefined;
  return { container, port: typeof target === 'number' ? target : undefined };
}
