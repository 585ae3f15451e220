import { keyOf } from '@evenly/gateway-api';
import type { ServiceObject } from '../inventory/objects/service.ts';
import type { Target } from './target.ts';

export interface Named {
  service: ServiceObject;
  /** As good as certain: it has a scheme, a port of the Service, or the whole name. Else it is a word that may mean something else. */
  isCertain: boolean;
}

/** Which Service a name means, as DNS in a pod resolves it. */
export class ServiceNames {
  readonly #services: ReadonlyMap<string, ServiceObject>;

  constructor(services: readonly ServiceObject[]) {
    this.#services = new Map(services.map((service) => [keyOf(service), service]));
  }

  get(namespace: string, name: string): ServiceObject | undefined {
    return this.#services.get(keyOf({ namespace, name }));
  }

  /** `cart`, `cart.shop`, `cart.shop.svc`, `cart.shop.svc.cluster.local`; @param from the namespace of who says it */
  find({ scheme, host, port, isSrv }: Target, from: string): Named | undefined {
    const [name, namespace = from, svc] = host.split('.');
    if (svc !== undefined && svc !== 'svc') return undefined;
    const service = this.get(namespace, name!);
    if (service === undefined) return undefined;
    const isPort = port !== undefined && hasPort(service, port);
    return { service, isCertain: isPort || scheme !== undefined || svc !== undefined || isSrv };
  }
}

/** By number or name; of a headless Service a client may as well name the port of the pods. */
function hasPort({ discoverable, targetPorts }: ServiceObject, port: string): boolean {
  const ofService = discoverable.ports.some((one) => one.name === port || String(one.port) === port);
  return ofService || [...targetPorts.values()].some((target) => String(target) === port);
}
