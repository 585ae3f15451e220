import { nodeKinds, type NodeKind } from '../node.ts';
import { hashOf, type NodeResource, type Resource } from '../resource.ts';
import type { ResourceType } from '../resource-type.ts';

/**
 * A resource that each kind of client gets in its own form, or not at all.
 * @param variantFor is given a mark for those kinds that need one, see ReturnedNames
 */
export function byKind(
  type: ResourceType,
  name: string,
  variantFor: (kind: NodeKind, mark: number) => Resource | undefined,
): NodeResource {
  const variants = variantsOf(variantFor);
  const version = hashOf(variants.map((variant) => variant?.version ?? '-').join(' '));
  /** Made for the first who needs one: there are few, and thousands of resources. */
  let marked: Map<number, Resource | undefined> | undefined;
  const forNode: NodeResource['forNode'] = ({ kind }, mark = 0) => {
    if (mark === 0 || !isMarked(kind)) return variants[nodeKinds.indexOf(kind)];
    marked ??= new Map();
    if (!marked.has(mark)) {
      if (marked.size >= maxMarks) marked.clear();
      marked.set(mark, variantFor(kind, mark));
    }
    return marked.get(mark);
  };
  return { type, name, version, forNode };
}

/** In the order of `nodeKinds`. The same object for the same content: it is encoded once for all clients. */
function variantsOf(
  variantFor: (kind: NodeKind, mark: number) => Resource | undefined,
): readonly (Resource | undefined)[] {
  const byVersion = new Map<string, Resource>();
  return nodeKinds.map((kind) => {
    const variant = variantFor(kind, 0);
    if (variant === undefined) return undefined;
    const known = byVersion.get(variant.version) ?? variant;
    byVersion.set(variant.version, known);
    return known;
  });
}

const isMarked = (kind: NodeKind): boolean => kind === 'grpc-js';

/** A resource has its own mark, if any, and that of clients that come back. */
const maxMarks = 2;
