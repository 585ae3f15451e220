import type { Route } from '@evenly/mesh-config';
import { keyOf } from '../objects/meta.ts';
import { grpcPorts } from '../services/grpc-ports.ts';
import { mainPort, serviceNameOf } from '../services/service-of-port.ts';
import { inOrder } from './route-order.ts';
import type { ServiceAttachment } from './service-attachment.ts';

/** The routes of a port of a Service, for those who call it directly: proxyless gRPC clients and sidecars. */
export interface ServiceRoutes {
  /** The mesh's service that calls went to without these. */
  service: string;
  /** Of clients that the routes are for; absent = all. Where both are there, a client goes by those for its namespace alone. */
  clientNamespace?: string;
  /** Of the port, as `SERVICE.NAMESPACE:PORT`; of a Service's main port also with the port 0. xDS clients find them by all names. */
  names: readonly string[];
  /** The first that matches wins; a call that none matches fails. */
  routes: readonly Route[];
}

interface Made {
  attachments: readonly ServiceAttachment[];
  routes: ServiceRoutes;
}

/** Puts together which routes there are for each port. What is the same as last time is the same object. */
export class ServiceRouteTable {
  #made = new Map<string, Made>();

  of(attachments: Iterable<ServiceAttachment>): ServiceRoutes[] {
    const byPort = new Map<string, ServiceAttachment[]>();
    for (const one of attachments) {
      const key = `${keyOf(one.service.meta)}:${one.port.port} ${one.clientNamespace ?? ''}`;
      byPort.set(key, [...(byPort.get(key) ?? []), one]);
    }
    const next = new Map<string, Made>();
    for (const [key, list] of byPort) {
      const known = this.#made.get(key);
      const isSame =
        known?.attachments.length === list.length &&
        list.every((one, index) => one === known.attachments[index]);
      next.set(key, isSame ? known : { attachments: list, routes: this.#routesOf(list) });
    }
    this.#made = next;
    return [...next.values()].map(({ routes }) => routes);
  }

  #routesOf(attachments: readonly ServiceAttachment[]): ServiceRoutes {
    const { service, port, clientNamespace } = attachments[0]!;
    const own = serviceNameOf(service.meta, port.port);
    const isMain = grpcPorts(service.ports)[0] === port;
    return {
      service: own,
      ...(clientNamespace === undefined ? {} : { clientNamespace }),
      names: isMain ? [own, serviceNameOf(service.meta, mainPort)] : [own],
      routes: inOrder(attachments),
    };
  }
}
