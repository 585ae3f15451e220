import type { Service, UpstreamTls } from '@evenly/mesh-config';
import { gatewayGroup, type Meta } from '../objects/meta.ts';
import type { KubernetesService, ServicePort } from '../objects/service.ts';
import type { BackendReference } from '../objects/values.ts';
import type { Grants } from '../references/grants.ts';
import { resolve } from '../references/resolve.ts';
import { protocolOf, type BackendProtocol } from '../services/backend-protocol.ts';
import type { BackendTlsPolicies, PolicyOutcome } from '../services/backend-tls.ts';
import { serviceOfPort } from '../services/service-of-port.ts';
import type { Refusal } from '../status/condition.ts';

interface FoundBackend {
  service: KubernetesService;
  port: ServicePort;
  protocol: BackendProtocol;
}

export interface BackendContext {
  /** By `ns/name`. */
  services: Pick<ReadonlyMap<string, KubernetesService>, 'get'>;
  grants: Grants;
  policies: BackendTlsPolicies;
}

/** What the references of one route lead to. */
export class Backends {
  readonly #route: Meta;
  readonly #context: BackendContext;
  /** By name, of all that were found. */
  readonly services = new Map<string, Service>();
  /** All that are about those services, whether they hold or not. */
  readonly policies = new Set<PolicyOutcome>();
  /** Of the first reference that leads nowhere. */
  refusal: Refusal | undefined;

  constructor(route: Meta, context: BackendContext) {
    this.#route = route;
    this.#context = context;
  }

  /** @returns undefined: it leads nowhere, which `refusal` or a policy's status says */
  find(reference: BackendReference): Service | undefined {
    const found = this.#resolve(reference);
    if ('reason' in found) {
      this.refusal ??= found;
      return undefined;
    }
    const { service: object, port, protocol } = found;
    for (const one of this.#context.policies.about(object, port)) this.policies.add(one);
    const policy = this.#context.policies.of(object, port);
    // Nobody is trusted by it, and plaintext is not what is wanted.
    if (policy !== undefined && policy.tls === undefined) return undefined;
    const service = meshService(object, port, protocol, policy?.tls);
    this.services.set(service.name, service);
    return service;
  }

  #resolve(reference: BackendReference): FoundBackend | Refusal {
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
    return { service, port, protocol: kind === 'GRPCRoute' ? 'http2' : protocol };
  }
}

interface Made {
  protocol: BackendProtocol;
  tls: UpstreamTls | undefined;
  service: Service;
}

/** One mesh service for a port, however many routes lead there: whoever compares them need not look inside. */
const known = new WeakMap<ServicePort, readonly Made[]>();
/** By both kinds of routes, before and after a policy has changed. */
const maxKnown = 4;

function meshService(
  object: KubernetesService,
  port: ServicePort,
  protocol: BackendProtocol,
  tls: UpstreamTls | undefined,
): Service {
  const all = known.get(port) ?? [];
  const found = all.find((one) => one.protocol === protocol && one.tls === tls);
  if (found !== undefined) return found.service;
  const service = serviceOfPort(object, port, { protocol, ...(tls === undefined ? {} : { tls }) });
  known.set(port, [{ protocol, tls, service }, ...all].slice(0, maxKnown));
  return service;
}
