import type { NodeInfo } from '../node.ts';
import type { Resource } from '../resource.ts';
import type { ResourceCache } from '../resource-cache.ts';
import type { ResourceType } from '../resource-type.ts';
import type { TypeState } from './type-state.ts';

/** What a client should have of one type, against what it was sent. */
export interface Plan {
  /** All that it should have now: what it subscribes to and exists, less rejected content, and held removals. */
  wanted: Resource[];
  /** Of those: what it was not sent in this version, or demanded. */
  changed: Resource[];
  /** Names that it was sent, wants, and that are gone. */
  removed: string[];
  /** Names that it demanded and that do not exist. */
  missing: string[];
}

/** @param mayRemove whether a resource that is gone may be taken from the client now; until then it keeps it */
export function planFor(
  type: ResourceType,
  state: TypeState,
  cache: ResourceCache,
  node: NodeInfo,
  mayRemove: (name: string) => boolean,
): Plan {
  const names = new Set<string>();
  const wanted: Resource[] = [];
  const want = (item: Resource | undefined) => {
    if (item === undefined) return;
    names.add(item.name);
    const accepted = withoutRejected(state, item);
    if (accepted !== undefined) wanted.push(accepted);
  };
  if (state.subscription.wildcard) cache.all(type, node).forEach(want);
  else for (const name of state.subscription.names) want(cache.get(type, name, node));

  const removed: string[] = [];
  for (const [name, known] of state.sent) {
    if (names.has(name)) continue;
    if (known.resource !== undefined && !mayRemove(name)) wanted.push(known.resource);
    else removed.push(name);
  }
  const changed = wanted.filter(
    ({ name, version }) => state.sent.get(name)?.version !== version || state.demanded.has(name),
  );
  const missing = [...state.demanded].filter((name) => !names.has(name));
  return { wanted, changed, removed, missing };
}

/** Instead of content that the client rejected: what it last accepted, if anything. */
function withoutRejected(state: TypeState, item: Resource): Resource | undefined {
  return state.nacked.get(item.name)?.version === item.version ? state.acked.get(item.name)?.resource : item;
}
