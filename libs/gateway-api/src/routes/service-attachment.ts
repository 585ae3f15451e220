import { keyOf } from '../objects/meta.ts';
import type { KubernetesService, ServicePort } from '../objects/service.ts';
import type { ParentReference } from '../objects/values.ts';
import type { ParentAttachment } from './attachment.ts';
import type { CompiledRoute } from './compiled-route.ts';

/** A route whose parent is a Service ("GAMMA"): it is for those who call the Service, without a Gateway in between. */
export interface ServiceAttachment {
  route: CompiledRoute;
  service: KubernetesService;
  port: ServicePort;
  /** Of clients that it is for; undefined = all. */
  clientNamespace: string | undefined;
}

/**
 * A route in the Service's own namespace ("producer") is for all clients; one elsewhere ("consumer") for those of its own
 * namespace only, which needs nobody's permission.
 */
export function attachToService(
  route: CompiledRoute,
  ref: ParentReference,
  service: KubernetesService | undefined,
): ParentAttachment & { ports: readonly ServiceAttachment[] } {
  const refused = (reason: string, message: string) => ({
    ref,
    attachments: [],
    ports: [],
    refusal: { reason, message },
  });
  if (route.object.kind !== 'GRPCRoute')
    return refused(
      'UnsupportedValue',
      'those who call a Service directly speak gRPC: it takes GRPCRoutes only',
    );
  if (route.refused !== undefined) return { ref, attachments: [], ports: [], refusal: route.refused };
  if (service === undefined) return refused('NoMatchingParent', `there is no Service ${ref.name}`);
  const { port, sectionName } = ref;
  const named = service.ports.filter(
    (one) =>
      one.protocol === 'TCP' &&
      (port === undefined || one.port === port) &&
      (sectionName === undefined || one.name === sectionName),
  );
  if (named.length === 0)
    return refused('NoMatchingParent', `Service ${keyOf(service.meta)} has no such TCP port`);
  const { namespace } = route.object.meta;
  const clientNamespace = namespace === service.meta.namespace ? undefined : namespace;
  return {
    ref,
    attachments: [],
    ports: named.map((one) => ({ route, service, port: one, clientNamespace })),
    refusal: undefined,
  };
}
