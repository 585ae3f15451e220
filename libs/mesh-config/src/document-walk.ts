import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Alias, Document, Node, Pair } from 'yaml';

/** Values that aliases stand for, together: the checks look at each as if it were written out. */
const maxAliased = 1_000_000;

export interface DocumentFault {
  message: string;
  pos: readonly [number, number];
}

export interface Walked {
  faults: DocumentFault[];
  /** What each alias stands for. */
  targets: ReadonlyMap<Alias, Node>;
}

/**
 * Looks once at each node of a document that the parser has read, for what would cost too much afterwards or cannot be a
 * value: keys that are there twice (the parser's own check takes quadratic time), keys that a plain object cannot hold
 * as they stand (lists, maps, and the one that JavaScript gives a meaning), and aliases that stand for too much.
 * The text's levels are limited (`text-limits.ts`), so this may call itself.
 */
export function walkDocument(document: Document): Walked {
  const faults: DocumentFault[] = [];
  const targets = new Map<Alias, Node>();
  const anchors = new Map<string, Node>();
  /** How many values each anchored node comes to; none while its end has not been seen. */
  const sizes = new Map<Node, number>();
  let aliased = 0;
  const fault = (node: unknown, message: string) => {
    const [from, to] = (node as Node | null)?.range ?? [0, 0];
    faults.push({ message, pos: [from, to] });
  };

  const sizeOfAlias = (alias: Alias): number => {
    const target = anchors.get(alias.source);
    if (target === undefined) return 1; // the parser says it
    targets.set(alias, target);
    const size = sizes.get(target);
    if (size === undefined) fault(alias, `The alias *${alias.source} stands inside of what it stands for`);
    else if (aliased <= maxAliased && (aliased += size) > maxAliased)
      fault(alias, `Up to here aliases stand for more than ${maxAliased} values: write less`);
    return size ?? 1;
  };
  const sizeOfItems = (node: unknown): number => {
    if (isMap(node)) {
      const seen = new Set<string>();
      return node.items.reduce((sum, pair) => sum + sizeOf(checkedKey(pair, seen)) + sizeOf(pair.value), 1);
    }
    return isSeq(node) ? node.items.reduce<number>((sum, item) => sum + sizeOf(item), 1) : 1;
  };
  const checkedKey = ({ key }: Pair, seen: Set<string>): unknown => {
    const plain = isScalar(key) && key.value !== '__proto__' ? String(key.value) : undefined;
    if (plain === undefined) fault(key, 'Map keys must be plain texts');
    else if (seen.size === seen.add(plain).size) fault(key, `The key "${plain}" is there twice`);
    return key;
  };
  const sizeOf = (node: unknown): number => {
    if (isAlias(node)) return sizeOfAlias(node);
    const { anchor } = (node ?? {}) as { anchor?: string };
    if (anchor !== undefined) anchors.set(anchor, node as Node);
    const size = sizeOfItems(node);
    if (anchor !== undefined) sizes.set(node as Node, size);
    return size;
  };

  sizeOf(document.contents);
  return { faults, targets };
}
