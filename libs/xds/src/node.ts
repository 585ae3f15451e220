import type { Node } from '@evenly/proto/envoy/config/core/v3/base';
import { cut } from './cut.ts';

/**
 * What kind of client a node is, for each takes other resources: gRPC an `api_listener`, Envoy listeners with sockets.
 * gRPC's libraries read some fields in ways of their own; `grpc` is one that is not known. An Envoy with a stream for
 * each type (not aggregated) has to be told where its routes and endpoints come from. Our own proxy takes what Envoy
 * does, and the parts of a policy that Envoy has no word for.
 */
export const nodeKinds = [
  'grpc',
  'grpc-js',
  'grpc-go',
  'grpc-java',
  'grpc-core',
  'envoy',
  'envoy-separate',
  'proxy',
] as const;
export type NodeKind = (typeof nodeKinds)[number];

export const isGrpc = (kind: NodeKind): boolean => kind.startsWith('grpc');

/** How our own proxy calls itself. */
export const proxyUserAgent = 'evenly-l7-proxy';

/** Who a client is, from the first request of its stream. */
export interface NodeInfo {
  /** Chosen by the client; not trusted for anything but telling clients apart. */
  id: string;
  cluster: string;
  kind: NodeKind;
  /** Such as `gRPC Go 1.85.0` or `envoy`. */
  userAgent: string;
  region: string;
  zone: string;
  /** The Kubernetes node that it runs on: `NODE_NAME` of its metadata, as others have it too; empty = not known. */
  machine: string;
  /** Kubernetes' namespace that it runs in: `NAMESPACE` of its metadata, as Istio's have it too; empty = not known. */
  namespace: string;
  /** It has resources from an earlier stream, from this server or another. */
  comesBack: boolean;
  /** The address that its stream comes from, without the port, which changes; empty = not known. */
  peer: string;
}

export const anonymousNode: NodeInfo = {
  id: '',
  cluster: '',
  kind: 'grpc',
  userAgent: '',
  region: '',
  zone: '',
  machine: '',
  namespace: '',
  comesBack: false,
  peer: '',
};

/** Longer texts are cut: they are kept for every stream and shown on pages. */
const maxText = 256;
/** `gateway/NAMESPACE/NAME` has to be whole. */
const maxClusterText = 512;

/**
 * @param aggregated whether the node came by an aggregated stream
 * @param comesBack whether its first request says that it has resources
 * @param peer the address that its stream comes from
 */
export function nodeInfo(node: Node, aggregated: boolean, comesBack = false, peer = ''): NodeInfo {
  const version = node.userAgentVersionType;
  const { NODE_NAME: machine, NAMESPACE: namespace } = (node.metadata ?? {}) as Record<string, unknown>;
  const userAgent = [node.userAgentName, version?.$case === 'userAgentVersion' ? version.value : '']
    .join(' ')
    .trim();
  return {
    id: cut(node.id, maxText),
    cluster: cut(node.cluster, maxClusterText),
    kind: kindOf(node.userAgentName, version?.$case === 'userAgentVersion' ? version.value : '', aggregated),
    userAgent: cut(userAgent, maxText),
    region: cut(node.locality?.region ?? '', maxText),
    zone: cut(node.locality?.zone ?? '', maxText),
    machine: typeof machine === 'string' ? cut(machine, maxText) : '',
    namespace: typeof namespace === 'string' ? cut(namespace, maxText) : '',
    comesBack,
    peer,
  };
}

function kindOf(userAgentName: string, version: string, aggregated: boolean): NodeKind {
  if (userAgentName === proxyUserAgent) return 'proxy';
  if (userAgentName === 'envoy') return aggregated ? 'envoy' : 'envoy-separate';
  const library = libraries.find(({ name }) => userAgentName.startsWith(name));
  return library !== undefined && isSince(library.since, version) ? library.kind : 'grpc';
}

/**
 * How gRPC's libraries call themselves, or begin to: C-core's name goes on with the platform and the language. A version
 * older than what was tried may take less, and gets what all take.
 */
const libraries = [
  // Its quirks are those of all versions, and all can do with what they call for.
  { name: 'gRPC Node', since: [0, 0], kind: 'grpc-js' },
  { name: 'gRPC Go', since: [1, 85], kind: 'grpc-go' },
  { name: 'gRPC Java', since: [1, 85], kind: 'grpc-java' },
  { name: 'gRPC C-core', since: [1, 85], kind: 'grpc-core' },
] as const;

function isSince([major, minor]: readonly [number, number], version: string): boolean {
  const [, itsMajor = '0', itsMinor = '0'] = /(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(itsMajor) > major || (Number(itsMajor) === major && Number(itsMinor) >= minor);
}
