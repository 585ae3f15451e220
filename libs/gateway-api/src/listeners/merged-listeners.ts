import type { Gateway } from '../objects/gateway.ts';
import type { ListenerSet } from '../objects/listener-set.ts';
import type { ListenerSpec } from '../objects/listener.ts';
import { byAge, type Meta } from '../objects/meta.ts';
import type { KubernetesNamespace } from '../objects/namespace.ts';
import type { TlsSecret } from '../objects/secret.ts';
import type { Grants } from '../references/grants.ts';
import type { Refusal } from '../status/condition.ts';
import { certificatesOf, type Certificate } from './certificates.ts';
import { ListenerConflicts } from './conflicts.ts';
import { letsIn } from './namespaces.ts';
import { isSupportedProtocol, routeKindsOf, type RouteKind } from './route-kinds.ts';

/** A listener of a Gateway or of one of its ListenerSets, with all that is said of it but routes. */
export interface MergedListener {
  spec: ListenerSpec;
  /** Of whose it is. */
  owner: Meta;
  kinds: readonly RouteKind[];
  certificates: readonly Certificate[];
  conflict: Refusal | undefined;
  /** Why it is not taken; conflicts are among these. */
  refused: Refusal | undefined;
  /** What it refers to and is not to be had. */
  unresolved: Refusal | undefined;
}

/** It is served: proxies listen for it. */
export const isServed = ({ refused, unresolved, kinds }: MergedListener) =>
  refused === undefined &&
  (unresolved === undefined || (unresolved.reason === 'InvalidRouteKinds' && kinds.length > 0));

export interface MergedListeners {
  /** Those of the Gateway first, then those of each set. */
  listeners: readonly MergedListener[];
  /** By whose they are: an entry for the Gateway and for each set that it lets in. */
  byOwner: ReadonlyMap<Meta, readonly MergedListener[]>;
  /** The sets that the Gateway lets in, by age. */
  sets: readonly ListenerSet[];
}

export interface ListenerContext {
  secrets: ReadonlyMap<string, TlsSecret>;
  namespaces: ReadonlyMap<string, KubernetesNamespace>;
  grants: Grants;
}

/** @param sets all that name the Gateway as their parent, in any order */
export function mergeListeners(
  gateway: Gateway,
  sets: readonly ListenerSet[],
  context: ListenerContext,
): MergedListeners {
  const own = gateway.meta.namespace;
  const letIn = sets
    .filter(({ meta }) => letsIn(gateway.allowedListeners, own, meta.namespace, context.namespaces))
    .sort((one, other) => byAge(one.meta, other.meta));
  const conflicts = new ListenerConflicts();
  const byOwner = new Map<Meta, readonly MergedListener[]>();
  for (const { meta, listeners: specs } of [gateway, ...letIn]) {
    const lost = conflicts.add(specs);
    const merged = specs.map((spec) => {
      const refused = lost.get(spec) ?? refusalOf(spec) ?? refusalOfClients(spec, gateway);
      return mergedListener(spec, meta, { conflict: lost.get(spec), refused }, context);
    });
    byOwner.set(meta, merged);
  }
  return { listeners: [...byOwner.values()].flat(), byOwner, sets: letIn };
}

function mergedListener(
  spec: ListenerSpec,
  owner: Meta,
  { conflict, refused }: Pick<MergedListener, 'conflict' | 'refused'>,
  { secrets, grants }: ListenerContext,
): MergedListener {
  const { kinds, refusal: badKinds } = routeKindsOf(spec);
  const isTls = spec.protocol === 'HTTPS';
  const { certificates, refusal: badCertificate } = isTls
    ? certificatesOf(owner, spec.tls?.certificateRefs ?? [], secrets, grants)
    : { certificates: [] };
  return { spec, owner, kinds, certificates, conflict, refused, unresolved: badCertificate ?? badKinds };
}

function refusalOf({ protocol, tls }: ListenerSpec): Refusal | undefined {
  if (!isSupportedProtocol(protocol))
    return {
      reason: 'UnsupportedProtocol',
      message: `protocol ${protocol} is not supported; HTTP and HTTPS are`,
    };
  if (tls !== undefined && tls.mode !== 'Terminate')
    return { reason: 'UnsupportedValue', message: `tls.mode ${tls.mode} is not supported; Terminate is` };
  const [option] = Object.keys(tls?.options ?? {});
  if (option !== undefined)
    return { reason: 'UnsupportedValue', message: `no tls.options are known, neither ${option}` };
  return undefined;
}

/** Rather no listener than one that lets in everybody, where only clients with certificates are wanted. */
function refusalOfClients({ protocol }: ListenerSpec, gateway: Gateway): Refusal | undefined {
  if (protocol !== 'HTTPS' || !gateway.wantsClientCertificates) return undefined;
  const message =
    'spec.tls.frontend of the Gateway is not supported: clients would not be asked for certificates';
  return { reason: 'UnsupportedValue', message };
}
