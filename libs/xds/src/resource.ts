import { createHash } from 'node:crypto';
import type { NodeInfo } from './node.ts';
import type { ResourceType } from './resource-type.ts';

/** One resource, encoded once, whoever asks for it. */
export interface Resource {
  readonly type: ResourceType;
  readonly name: string;
  /** A hash of the encoded content: the same content has the same version, in every process, after every restart. */
  readonly version: string;
  /** The message of this type, in protobuf. */
  readonly encoded: Uint8Array;
  /** What it refers to: a listener's routes, a route's clusters, a cluster's endpoints. */
  readonly refs: readonly string[];
}

/**
 * A resource that differs by node (own zone first, subsets, what a kind of client takes). `forNode` must give the same
 * object for nodes that get the same content, so that it is encoded once for all of them.
 */
export interface NodeResource {
  readonly type: ResourceType;
  readonly name: string;
  /** Differs when the content for any node does, and may differ when it does not: then streams look once more. */
  readonly version: string;
  /** @param mark other than 0: the content should differ from that with any other mark, without another meaning */
  forNode(node: NodeInfo, mark?: number): Resource | undefined;
}

export function resource(
  type: ResourceType,
  name: string,
  encoded: Uint8Array,
  refs: readonly string[] = [],
): Resource {
  return { type, name, version: hashOf(encoded), encoded, refs };
}

export const isNodeResource = (item: Resource | NodeResource): item is NodeResource => 'forNode' in item;

/** The version of a set of resources: its only member's, or a hash of all. */
export function versionOf(resources: readonly Pick<Resource, 'name' | 'version'>[]): string {
  if (resources.length === 1) return resources[0]!.version;
  return hashOf(resources.map(({ name, version }) => `${name}\0${version}\n`).join(''));
}

export function hashOf(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}
