import { nodeKinds, type NodeKind } from '../node.ts';
import { hashOf, type NodeResource, type Resource } from '../resource.ts';
import type { ResourceType } from '../resource-type.ts';

/** A resource that each kind of client gets in its own form, or not at all. */
export function byKind(
  type: ResourceType,
  name: string,
  variantFor: (kind: NodeKind) => Resource | undefined,
): NodeResource {
  const variants = new Map(nodeKinds.map((kind) => [kind, variantFor(kind)]));
  const version = hashOf([...variants.values()].map((variant) => variant?.version ?? '-').join(' '));
  return { type, name, version, forNode: ({ kind }) => variants.get(kind) };
}
