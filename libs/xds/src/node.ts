import type { Node } from '@evenly/proto/envoy/config/core/v3/base';
import { cut } from './cut.ts';

/**
 * What kind of client a node is, for each takes other resources: gRPC an `api_listener`, Envoy listeners with sockets.
 * An Envoy with a stream for each type (not aggregated) has to be told where its routes and endpoints come from. Our own
 * proxy takes what Envoy does, and the parts of a policy that Envoy has no word for.
 */
export const nodeKinds = ['grpc', 'envoy', 'envoy-separate', 'proxy'] as const;
export type NodeKind = (typeof nodeKinds)[number];

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
}

export const anonymousNode: NodeInfo = {
  id: '',
  cluster: '',
  kind: 'grpc',
  userAgent: '',
  region: '',
  zone: '',
};

/** Longer texts are cut: they are kept for every stream and shown on pages. */
const maxText = 256;

/** @param aggregated whether the node came by an aggregated stream */
export function nodeInfo(node: Node, aggregated: boolean): NodeInfo {
  const version = node.userAgentVersionType;
  const userAgent = [node.userAgentName, version?.$case === 'userAgentVersion' ? version.value : '']
    .join(' ')
    .trim();
  return {
    id: cut(node.id, maxText),
    cluster: cut(node.cluster, maxText),
    kind: kindOf(node.userAgentName, aggregated),
    userAgent: cut(userAgent, maxText),
    region: cut(node.locality?.region ?? '', maxText),
    zone: cut(node.locality?.zone ?? '', maxText),
  };
}

function kindOf(userAgentName: string, aggregated: boolean): NodeKind {
  if (userAgentName === proxyUserAgent) return 'proxy';
  if (userAgentName !== 'envoy') return 'grpc';
  return aggregated ? 'envoy' : 'envoy-separate';
}
