import type { NodeInfo } from '../node.ts';
import type { ResourceCache } from '../resource-cache.ts';
import type { ResourceType } from '../resource-type.ts';
import type { TypeState } from './type-state.ts';

/**
 * Whether clusters that are gone may be taken from a client ("make before break", the break): only once it has
 * acknowledged the listeners and routes that are current, and every cluster that those routes name, with its endpoints.
 * Before that it may still send calls to the old cluster, and must be able to.
 */
export function mayRemoveClusters(
  types: ReadonlyMap<ResourceType, TypeState>,
  cache: ResourceCache,
  node: NodeInfo,
): boolean {
  for (const type of ['listener', 'route'] as const) {
    const state = types.get(type);
    if (state !== undefined && !isCurrent(type, state, cache, node)) return false;
  }
  for (const known of types.get('route')?.acked.values() ?? []) {
    for (const cluster of known.resource?.refs ?? []) {
      if (!hasAccepted('cluster', cluster, types, cache, node)) return false;
      if (!hasAccepted('endpoints', cluster, types, cache, node)) return false;
    }
  }
  return true;
}

/** Nothing is on its way, and what it accepted is what there is (or was rejected: it will not come any nearer). */
function isCurrent(type: ResourceType, state: TypeState, cache: ResourceCache, node: NodeInfo): boolean {
  if (state.outstanding !== undefined) return false;
  return [...state.acked.keys()].every((name) => {
    const now = cache.get(type, name, node);
    return now === undefined || isAcceptedOrRejected(state, name, now.version);
  });
}

/** A cluster that does not exist cannot be waited for; one that the client does not serve itself by xDS neither. */
function hasAccepted(
  type: ResourceType,
  name: string,
  types: ReadonlyMap<ResourceType, TypeState>,
  cache: ResourceCache,
  node: NodeInfo,
): boolean {
  const state = types.get(type);
  const now = cache.get(type, name, node);
  if (state === undefined || now === undefined) return true;
  return isAcceptedOrRejected(state, name, now.version);
}

const isAcceptedOrRejected = (state: TypeState, name: string, version: string) =>
  state.acked.get(name)?.version === version || state.nacked?.get(name)?.version === version;
