import { intersection } from '../listeners/hostnames.ts';
import { letsIn } from '../listeners/namespaces.ts';
import type { MergedListener } from '../listeners/merged-listeners.ts';
import type { KubernetesNamespace } from '../objects/namespace.ts';
import type { ParentReference } from '../objects/values.ts';
import type { Refusal } from '../status/condition.ts';
import type { CompiledRoute } from './compiled-route.ts';

/** A route at a listener, for those names that both have. */
export interface Attachment {
  route: CompiledRoute;
  listener: MergedListener;
  hostnames: readonly string[];
}

/** What became of one entry of a route's `parentRefs`. */
export interface ParentAttachment {
  ref: ParentReference;
  attachments: readonly Attachment[];
  /** Why there is none. */
  refusal: Refusal | undefined;
}

/** @param listeners of the parent itself: a Gateway's are not those of its ListenerSets, nor the other way round */
export function attach(
  route: CompiledRoute,
  ref: ParentReference,
  listeners: readonly MergedListener[],
  namespaces: ReadonlyMap<string, KubernetesNamespace>,
): ParentAttachment {
  const { sectionName, port } = ref;
  const { kind, meta, hostnames } = route.object;
  if (route.refused !== undefined) return { ref, attachments: [], refusal: route.refused };
  const named = listeners.filter(
    ({ spec }) =>
      (sectionName === undefined || spec.name === sectionName) && (port === undefined || spec.port === port),
  );
  if (named.length === 0) return refused(ref, 'NoMatchingParent', `the ${ref.kind} has no such listener`);
  const open = named.filter(
    ({ kinds, spec, owner }) =>
      kinds.includes(kind) &&
      letsIn(spec.allowedRoutes.namespaces, owner.namespace, meta.namespace, namespaces),
  );
  if (open.length === 0)
    return refused(ref, 'NotAllowedByListeners', `no listener allows a ${kind} of this namespace`);
  const attachments = open
    .map((listener) => ({ route, listener, hostnames: commonNames(hostnames, listener.spec.hostname) }))
    .filter((one) => one.hostnames.length > 0);
  if (attachments.length === 0)
    return refused(ref, 'NoMatchingListenerHostname', 'no listener has one of the host names');
  return { ref, attachments, refusal: undefined };
}

const refused = (ref: ParentReference, reason: string, message: string): ParentAttachment => ({
  ref,
  attachments: [],
  refusal: { reason, message },
});

function commonNames(hostnames: readonly string[], listener: string): string[] {
  if (hostnames.length === 0) return [listener];
  const common = hostnames.map((hostname) => intersection(hostname, listener));
  return [...new Set(common.filter((name) => name !== undefined))];
}
