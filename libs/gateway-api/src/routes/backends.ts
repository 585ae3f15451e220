import type { Service } from '@evenly/mesh-config';
import { gatewayGroup, type Meta } from '../objects/meta.ts';
import type { KubernetesService, ServicePort } from '../objects/service.ts';
import type { BackendReference } from '../objects/values.ts';
import type { Grants } from '../references/grants.ts';
import { resolve } from '../references/resolve.ts';
import { protocolOf, type BackendProtocol } from '../services/backend-protocol.ts';
import { serviceOfPort } from '../services/service-of-port.ts';
import type { Refusal } from '../status/condition.ts';

export interface BackendContext {
  services: ReadonlyMap<string, KubernetesService>;
  grants: Grants;
}

/** What the references of one route lead to. */
export class Backends {
  readonly #route: Meta;
  readonly #context: BackendContext;
  /** By name, of all that were found. */
  readonly services = new Map<string, Service>();
  /** Of the first reference that leads nowhere. */
  refusal: Refusal | undefined;

  constructor(route: Meta, context: BackendContext) {
    this.#route = route;
    this.#context = context;
  }

  /** @returns undefined: it leads nowhere, which `refusal` says from now on */
  find(reference: BackendReference): Service | undefined {
    const found = this.#resolve(reference);
    if ('reason' in found) {
      this.refusal ??= found;
      return undefined;
    }
    this.services.set(found.name, found);
    return found;
  }

  #resolve(reference: BackendReference): Service | Refusal {
    const { kind, namespace } = this.#route;
    const { services, grants } = this.#context;
    const from = { group: gatewayGroup, kind, namespace };
    const resolved = resolve(from, reference, { group: '', kind: 'Service', objects: services }, grants);
    if (!('object' in resolved)) {
      const { reason, message } = resolved;
      return { reason: reason === 'NotFound' ? 'BackendNotFound' : reason, message };
    }
    const service = resolved.object;
    const what = `Service ${service.meta.namespace}/${service.meta.name}`;
    const notFound = (message: string): Refusal => ({ reason: 'BackendNotFound', message });
    if (service.fault !== undefined) return notFound(`${what} cannot be read: ${service.fault}`);
    // It names a host, which need not be in any namespace that the route may refer to (CVE-2021-25740).
    if (service.type === 'ExternalName')
      return notFound(`${what} is of type ExternalName, which has no endpoints`);
    if (reference.port === undefined) return notFound(`a reference to ${what} must say which port`);
    const port = service.ports.find((one) => one.port === reference.port);
    if (port === undefined) return notFound(`${what} has no port ${reference.port}`);
    const protocol = port.protocol === 'TCP' ? protocolOf(port) : undefined;
    if (protocol === undefined) {
      const spoken = port.protocol === 'TCP' ? port.appProtocol : port.protocol;
      return { reason: 'UnsupportedProtocol', message: `${what} speaks ${spoken} on port ${port.port}` };
    }
    // gRPC is always HTTP/2, whether a Service says so or not.
    return meshService(service, port, kind === 'GRPCRoute' ? 'http2' : protocol);
  }
}

/** One mesh service for a port, however many routes lead there: whoever compares them need not look inside. */
const known = new WeakMap<ServicePort, Map<BackendProtocol, Service>>();

function meshService(object: KubernetesService, port: ServicePort, protocol: BackendProtocol): Service {
  const made = known.get(port) ?? new Map<BackendProtocol, Service>();
  known.set(port, made);
  const service = made.get(protocol) ?? serviceOfPort(object, port, protocol);
  made.set(protocol, service);
  return service;
}
