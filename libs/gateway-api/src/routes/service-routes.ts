import type { Route } from '@evenly/mesh-config';
import { keyOf } from '../objects/meta.ts';
import type { KubernetesService, ServicePort } from '../objects/service.ts';
import { serviceNameOf } from '../services/service-of-port.ts';
import { inOrder } from './route-order.ts';
import type { ServiceAttachment } from './service-attachment.ts';

/** The routes of a port of a Service, for those who call it directly: proxyless gRPC clients and sidecars. */
export interface ServiceRoutes {
  /** The mesh's service that calls went to without these. */
  service: string;
  /** Of clients that the routes are for; absent = all. Where both are there, a client goes by those for its namespace alone. */
  clientNamespace?: string;
  /** What clients may call it by, wherever they are. */
  authorities: readonly string[];
  /** What clients in the Service's own namespace may call it by as well. */
  localAuthorities: readonly string[];
  /** The first that matches wins; a call that none matches fails. */
  routes: readonly Route[];
}

interface Made {
  attachments: readonly ServiceAttachment[];
  routes: ServiceRoutes;
}

/** Puts together which routes there are for each port. What is the same as last time is the same object. */
export class ServiceRouteTable {
  readonly #clusterDomain: string;
  #made = new Map<string, Made>();

  constructor(clusterDomain: string) {
    this.#clusterDomain = clusterDomain;
  }

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
    const { name, namespace } = service.meta;
    const hosts = [
      `${name}.${namespace}`,
      `${name}.${namespace}.svc`,
      `${name}.${namespace}.svc.${this.#clusterDomain}`,
    ];
    const withPort = (host: string) =>
      isMainPort(service, port) ? [host, `${host}:${port.port}`] : [`${host}:${port.port}`];
    return {
      service: serviceNameOf(service.meta, port.port),
      ...(clientNamespace === undefined ? {} : { clientNamespace }),
      authorities: hosts.flatMap(withPort),
      localAuthorities: withPort(name),
      routes: inOrder(attachments),
    };
  }
}

/** Who names no port means the first one of TCP. */
const isMainPort = ({ ports }: KubernetesService, port: ServicePort) =>
  ports.find(({ protocol }) => protocol === 'TCP') === port;
