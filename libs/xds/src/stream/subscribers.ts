import type { CacheChange } from '../resource-cache.ts';
import type { ResourceType } from '../resource-type.ts';
import type { Subscription, SubscriptionChange } from './subscription.ts';

/** Those who ask for one name: mostly it is one, which needs no set. */
type Holders<T> = T | Set<T>;

/** Who subscribes to what of one type. */
class TypeSubscribers<T extends object> {
  readonly #byName = new Map<string, Holders<T>>();
  readonly #wildcard = new Set<T>();

  add(name: string, subscriber: T): void {
    const before = this.#byName.get(name);
    if (before === undefined) this.#byName.set(name, subscriber);
    else if (before instanceof Set) before.add(subscriber);
    else if (before !== subscriber) this.#byName.set(name, new Set([before, subscriber]));
  }

  delete(name: string, subscriber: T): void {
    const before = this.#byName.get(name);
    if (before === subscriber) this.#byName.delete(name);
    else if (before instanceof Set && before.delete(subscriber) && before.size === 0)
      this.#byName.delete(name);
  }

  all(subscriber: T, wants: boolean): void {
    if (wants) this.#wildcard.add(subscriber);
    else this.#wildcard.delete(subscriber);
  }

  *of(names: ReadonlySet<string>): Iterable<T> {
    yield* this.#wildcard;
    for (const name of names) {
      const holders = this.#byName.get(name);
      if (holders instanceof Set) yield* holders;
      else if (holders !== undefined) yield holders;
    }
  }

  get size(): number {
    return this.#byName.size + this.#wildcard.size;
  }
}

/** Who subscribes to what: a change of one service costs nothing to those who did not ask for it. */
export class Subscribers<T extends object> {
  readonly #byType: Record<ResourceType, TypeSubscribers<T>> = {
    cluster: new TypeSubscribers(),
    endpoints: new TypeSubscribers(),
    listener: new TypeSubscribers(),
    route: new TypeSubscribers(),
  };

  /** A subscriber's subscription has changed. A name may be dropped and added at once. */
  update(
    subscriber: T,
    type: ResourceType,
    { added, dropped }: SubscriptionChange,
    { wildcard }: Pick<Subscription, 'wildcard'>,
  ): void {
    const ofType = this.#byType[type];
    for (const name of dropped) ofType.delete(name, subscriber);
    for (const name of added) ofType.add(name, subscriber);
    ofType.all(subscriber, wildcard);
  }

  /** A subscriber is gone, who was subscribed to this. */
  remove(
    subscriber: T,
    types: Iterable<readonly [ResourceType, { readonly subscription: Subscription }]>,
  ): void {
    for (const [type, { subscription }] of types) {
      const ofType = this.#byType[type];
      for (const name of subscription.names) ofType.delete(name, subscriber);
      ofType.all(subscriber, false);
    }
  }

  /** Those who subscribe to something of this, and to something of which types. */
  of(changed: CacheChange): Map<T, Set<ResourceType>> {
    const found = new Map<T, Set<ResourceType>>();
    for (const [type, names] of changed) {
      for (const subscriber of this.#byType[type].of(names)) {
        const types = found.get(subscriber);
        if (types === undefined) found.set(subscriber, new Set([type]));
        else types.add(type);
      }
    }
    return found;
  }

  /** How many names, and subscriptions to all, are kept. */
  get size(): number {
    return Object.values(this.#byType).reduce((sum, { size }) => sum + size, 0);
  }
}
