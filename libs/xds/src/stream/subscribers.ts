import { aliasKey, concernedKeys } from '../listener-alias.ts';
import type { CacheChange } from '../resource-cache.ts';
import type { ResourceType } from '../resource-type.ts';
import type { Subscription, SubscriptionChange } from './subscription.ts';

/** Those who ask for one name: mostly it is one, which needs no set. */
type Holders<T> = T | Set<T>;

/** Who subscribes to what of one type. */
class TypeSubscribers<T extends object> {
  readonly #byName = new Map<string, Holders<T>>();
  readonly #wildcard = new Set<T>();
  /** Of the names above, those that a change of another name can concern. */
  readonly #aliases: NameGroups | undefined;

  constructor(aliases?: NameGroups) {
    this.#aliases = aliases;
  }

  add(name: string, subscriber: T): void {
    const before = this.#byName.get(name);
    if (before === undefined) this.#aliases?.add(name);
    if (before === undefined) this.#byName.set(name, subscriber);
    else if (before instanceof Set) before.add(subscriber);
    else if (before !== subscriber) this.#byName.set(name, new Set([before, subscriber]));
  }

  delete(name: string, subscriber: T): void {
    const before = this.#byName.get(name);
    if (before === subscriber) this.#byName.delete(name);
    else if (before instanceof Set && before.delete(subscriber) && before.size === 0)
      this.#byName.delete(name);
    if (before !== undefined && !this.#byName.has(name)) this.#aliases?.delete(name);
  }

  all(subscriber: T, wants: boolean): void {
    if (wants) this.#wildcard.add(subscriber);
    else this.#wildcard.delete(subscriber);
  }

  *of(names: ReadonlySet<string>): Iterable<T> {
    yield* this.#wildcard;
    for (const name of this.#aliases?.concerned(names) ?? names) {
      const holders = this.#byName.get(name);
      if (holders instanceof Set) yield* holders;
      else if (holders !== undefined) yield holders;
    }
  }

  get size(): number {
    return this.#byName.size + this.#wildcard.size;
  }
}

/** Names of listeners by what they may stand in for. */
class NameGroups {
  readonly #byKey = new Map<string, Set<string>>();

  add(name: string): void {
    const key = aliasKey(name);
    this.#byKey.set(key, (this.#byKey.get(key) ?? new Set<string>()).add(name));
  }

  delete(name: string): void {
    const key = aliasKey(name);
    const group = this.#byKey.get(key);
    group?.delete(name);
    if (group?.size === 0) this.#byKey.delete(key);
  }

  *concerned(changed: ReadonlySet<string>): Iterable<string> {
    const keys = new Set<string>();
    for (const name of changed) for (const key of concernedKeys(name, this.#byKey.keys())) keys.add(key);
    for (const key of keys) yield* this.#byKey.get(key) ?? [];
  }
}

/** Who subscribes to what: a change of one service costs nothing to those who did not ask for it. */
export class Subscribers<T extends object> {
  readonly #byType: Record<ResourceType, TypeSubscribers<T>> = {
    cluster: new TypeSubscribers(),
    endpoints: new TypeSubscribers(),
    listener: new TypeSubscribers(new NameGroups()),
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
  of(changed: CacheChange): Map<T, ReadonlySet<ResourceType>> {
    if (changed.size === 1) return this.#ofOne(changed);
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

  /** Most changes are of one type: then all share a set. */
  #ofOne(changed: CacheChange): Map<T, ReadonlySet<ResourceType>> {
    const found = new Map<T, ReadonlySet<ResourceType>>();
    const types = new Set(changed.keys());
    for (const [type, names] of changed)
      for (const subscriber of this.#byType[type].of(names)) found.set(subscriber, types);
    return found;
  }

  /** How many names, and subscriptions to all, are kept. */
  get size(): number {
    return Object.values(this.#byType).reduce((sum, { size }) => sum + size, 0);
  }
}
