import { defaultPolicy, type Service, type UpstreamTls } from '@evenly/mesh-config';
import type { Meta } from '../objects/meta.ts';
import type { KubernetesService, ServicePort } from '../objects/service.ts';
import type { BackendProtocol } from './backend-protocol.ts';

/** A port of a Service of the cluster, as one of the mesh's services. `:` tells it from the names in files. */
export const serviceNameOf = ({ name, namespace }: Pick<Meta, 'name' | 'namespace'>, port: number) =>
  `${name}.${namespace}:${port}`;

/** A port that no Service has: the name without a port, which means the Service's first one that speaks gRPC. */
export const mainPort = 0;

/**
 * Its endpoints are in EndpointSlices, whose ports have the name of the Service's port and the pods' number: so a port is
 * found by its name, which is empty only where it is the only one.
 */
export function serviceOfPort(
  { meta }: Pick<KubernetesService, 'meta'>,
  port: ServicePort,
  { protocol = 'http2', tls }: { protocol?: BackendProtocol; tls?: UpstreamTls } = {},
): Service {
  return {
    name: serviceNameOf(meta, port.port),
    source: { kind: 'kubernetes', service: meta.name, namespace: meta.namespace, port: port.name },
    locality: { region: '', zone: '' },
    subsets: new Map(),
    policy: defaultPolicy,
    ...(protocol === 'http1' ? { protocol } : {}),
    ...(tls === undefined ? {} : { tls }),
  };
}
