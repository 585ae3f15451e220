import { gatewayGroup, keyOf, type Meta } from '../objects/meta.ts';
import type { ParentReference } from '../objects/values.ts';
import type { MergedListener, MergedListeners } from './merged-listeners.ts';

/** What routes can name as their parent: our Gateways, and the ListenerSets that they let in. */
export class Parents {
  readonly #listeners = new Map<string, readonly MergedListener[]>();

  constructor(merged: Iterable<MergedListeners>) {
    for (const { byOwner } of merged)
      for (const [owner, listeners] of byOwner) this.#listeners.set(parentKey(owner), listeners);
  }

  /** @returns undefined: it is not ours, or not there */
  listenersOf(
    { group, kind, namespace, name }: ParentReference,
    route: Meta,
  ): readonly MergedListener[] | undefined {
    if (group !== gatewayGroup) return undefined;
    return this.#listeners.get(parentKey({ kind, name, namespace: namespace ?? route.namespace }));
  }
}

const parentKey = (owner: Pick<Meta, 'kind' | 'namespace' | 'name'>) => `${owner.kind} ${keyOf(owner)}`;
