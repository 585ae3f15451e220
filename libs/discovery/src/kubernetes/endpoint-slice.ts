import { canonicalAddress, DiscoveryError, type EndpointState } from '@evenly/endpoints';
import type { ResourceKind } from '@evenly/kubernetes';

/** What is kept of a `discovery.k8s.io/v1` EndpointSlice. The rest, most of its bytes, is not. */
export interface EndpointSlice {
  name: string;
  /** Which service it is of; absent for one that belongs to none. */
  service?: string;
  /** Its TCP ports; the name is empty for the only port of a service, which may have none. */
  ports: readonly { name: string; port: number }[];
  /** It has no ports at all, or one without a number, which stands for all: a headless Service may be without. */
  anyPort: boolean;
  endpoints: readonly SliceEndpoint[];
}

export interface SliceEndpoint {
  address: string;
  state: EndpointState;
  /** The pod's own name, where a pod is behind it. */
  hostname?: string;
  zone?: string;
  forZones?: readonly string[];
  forNodes?: readonly string[];
  /** Tells pods apart: a dual-stack one is in a slice of each family. */
  podUid?: string;
}

/** The API object, as far as it is read. Everything may be missing or null. */
interface SliceObject {
  metadata?: { name?: unknown; labels?: Record<string, unknown> | null };
  addressType?: unknown;
  ports?: readonly PortObject[] | null;
  endpoints?: readonly EndpointObject[] | null;
}

interface PortObject {
  name?: string | null;
  protocol?: string | null;
  port?: number | null;
}

interface EndpointObject {
  addresses?: readonly string[] | null;
  conditions?: Conditions | null;
  hostname?: string | null;
  zone?: string | null;
  hints?: { forZones?: readonly Named[] | null; forNodes?: readonly Named[] | null } | null;
  targetRef?: { kind?: string; name?: string; uid?: string } | null;
}

interface Named {
  name: string;
}

interface Conditions {
  ready?: boolean | null;
  serving?: boolean | null;
  terminating?: boolean | null;
}

/** By which a slice belongs to its service. */
export const serviceLabel = 'kubernetes.io/service-name';

/** @throws DiscoveryError INVALID when it is no EndpointSlice */
export function readEndpointSlice(object: unknown): EndpointSlice {
  const slice = (object ?? {}) as SliceObject;
  const name = slice.metadata?.name;
  if (typeof name !== 'string' || typeof slice.addressType !== 'string') {
    const got = JSON.stringify(object)?.slice(0, 80);
    throw new DiscoveryError('INVALID', `the API server sent what is no EndpointSlice: ${got}`);
  }
  try {
    const given = slice.ports ?? [];
    const tcp = given.filter(({ protocol }) => (protocol ?? 'TCP') === 'TCP');
    const ports = tcp.flatMap(({ name, port }) =>
      typeof port === 'number' ? [{ name: name ?? '', port }] : [],
    );
    const anyPort = given.length === 0 || ports.length < tcp.length;
    // FQDN slices hold names, which nobody dials (and Kubernetes deprecates).
    const objects = slice.addressType === 'FQDN' ? [] : (slice.endpoints ?? []);
    const service = slice.metadata?.labels?.[serviceLabel];
    return {
      name,
      ...(typeof service === 'string' && { service }),
      ports,
      anyPort,
      endpoints: objects.map(readEndpoint),
    };
  } catch (cause) {
    const message = `the API server sent an EndpointSlice ${name} that cannot be read: ${(cause as Error).message}`;
    throw new DiscoveryError('INVALID', message, { cause });
  }
}

function readEndpoint(object: EndpointObject): SliceEndpoint {
  // Only the first address counts, as for kube-proxy: the API gives the others no meaning.
  const given = object.addresses?.[0] ?? '';
  const address = canonicalAddress(given);
  if (address === undefined) throw new Error(`${JSON.stringify(given)} is no IP address`);
  const { zone, targetRef, hints } = object;
  const hostname = object.hostname ?? (targetRef?.kind === 'Pod' ? targetRef.name : undefined);
  const forZones = hints?.forZones?.map(({ name }) => name) ?? [];
  const forNodes = hints?.forNodes?.map(({ name }) => name) ?? [];
  // Field by field: of objects that are spread together, V8 gives each a shape of its own, and a cluster has thousands.
  const endpoint: { -readonly [K in keyof SliceEndpoint]: SliceEndpoint[K] } = {
    address,
    state: stateOf(object.conditions ?? {}),
  };
  if (hostname) endpoint.hostname = hostname;
  if (zone) endpoint.zone = zone;
  if (forZones.length > 0) endpoint.forZones = forZones;
  if (forNodes.length > 0) endpoint.forNodes = forNodes;
  if (targetRef?.uid) endpoint.podUid = targetRef.uid;
  return endpoint;
}

/**
 * The API's rules: no `ready` means ready, no `serving` means the same as `ready`. One that terminates is never ready,
 * except where the service publishes those that are not ready: there `ready` is always true, and so we take it.
 */
function stateOf({ ready, serving, terminating }: Conditions): EndpointState {
  if (terminating !== true) return ready === false ? 'not-ready' : 'ready';
  if (ready === true) return 'ready';
  return (serving ?? ready ?? true) ? 'serving-terminating' : 'not-ready';
}

export const endpointSliceKind: ResourceKind<EndpointSlice> = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  read: readEndpointSlice,
};
