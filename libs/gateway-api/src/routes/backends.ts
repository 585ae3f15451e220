import type { Destination, Service } from '@evenly/mesh-config';
import type { BackendReference } from '../objects/values.ts';
import { gatewayGroup, type Meta } from '../objects/meta.ts';
import type { BackendRef } from '../objects/route.ts';
import type { KubernetesService } from '../objects/service.ts';
import type { Grants } from '../references/grants.ts';
import { resolve } from '../references/resolve.ts';
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

  /** One that leads nowhere keeps its share of the calls, and refuses it. */
  destination(backend: BackendRef): Destination {
    const service = this.find(backend);
    const { weight } = backend;
    return service === undefined ? { refuse: true, weight } : { service: service.name, weight };
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
    const { meta, ports, fault } = resolved.object;
    const what = `Service ${meta.namespace}/${meta.name}`;
    if (fault !== undefined)
      return { reason: 'BackendNotFound', message: `${what} cannot be read: ${fault}` };
    if (reference.port === undefined)
      return { reason: 'BackendNotFound', message: `a reference to ${what} must say which port` };
    const port = ports.find((one) => one.port === reference.port);
    if (port === undefined)
      return { reason: 'BackendNotFound', message: `${what} has no port ${reference.port}` };
    if (port.protocol !== 'TCP')
      return {
        reason: 'UnsupportedProtocol',
        message: `${what} speaks ${port.protocol} on port ${port.port}`,
      };
    return (
      known(resolved.object, port.port) ??
      remember(resolved.object, serviceOfPort(resolved.object, port), port.port)
    );
  }
}

/** One mesh service for a port, however many routes lead there: whoever compares them need not look inside. */
const made = new WeakMap<KubernetesService, Map<number, Service>>();
const known = (object: KubernetesService, port: number) => made.get(object)?.get(port);
function remember(object: KubernetesService, service: Service, port: number): Service {
  const ports = made.get(object) ?? new Map<number, Service>();
  made.set(object, ports.set(port, service));
  return service;
}
