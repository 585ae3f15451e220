import type { Resource } from './resource.ts';
import type { ResourceType } from './resource-type.ts';
import { XdsError } from './errors.ts';

/** Is told which types have changed content. May not throw. */
export type CacheListener = (changed: ReadonlySet<ResourceType>) => void;

/**
 * All resources that are served now. Each belongs to an owner (a service), who replaces or removes all of his at once;
 * so one service's trouble never touches another's resources.
 */
export class ResourceCache {
  readonly #byType = new Map<ResourceType, Map<string, Resource>>();
  readonly #ownerOf = new Map<string, string>();
  readonly #listeners = new Set<CacheListener>();

  get(type: ResourceType, name: string): Resource | undefined {
    return this.#byType.get(type)?.get(name);
  }

  /** All resources of a type, by name. */
  all(type: ResourceType): ReadonlyMap<string, Resource> {
    return this.#byType.get(type) ?? new Map<string, Resource>();
  }

  /**
   * Replaces everything that `owner` has; listeners are told once, and only of types whose content differs.
   * @throws XdsError NAME_TAKEN when a resource of that type and name is another owner's; nothing is changed then
   */
  replace(owner: string, resources: readonly Resource[]): void {
    const next = new Map(resources.map((item) => [keyOf(item.type, item.name), item]));
    for (const [key, item] of next) {
      const other = this.#ownerOf.get(key);
      if (other !== undefined && other !== owner) {
        throw new XdsError('NAME_TAKEN', `${item.type} "${item.name}" of ${owner} is also of ${other}`);
      }
    }
    const changed = new Set<ResourceType>();
    for (const [key, holder] of this.#ownerOf) {
      if (holder === owner && !next.has(key)) changed.add(this.#remove(key));
    }
    for (const [key, item] of next) {
      if (this.#put(key, owner, item)) changed.add(item.type);
    }
    if (changed.size > 0) for (const listener of this.#listeners) listener(changed);
  }

  /** @returns stops telling */
  onChange(listener: CacheListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #put(key: string, owner: string, item: Resource): boolean {
    this.#ownerOf.set(key, owner);
    let ofType = this.#byType.get(item.type);
    if (ofType === undefined) this.#byType.set(item.type, (ofType = new Map<string, Resource>()));
    const differs = ofType.get(item.name)?.version !== item.version;
    if (differs) ofType.set(item.name, item);
    return differs;
  }

  #remove(key: string): ResourceType {
    const [type, name] = splitKey(key);
    this.#ownerOf.delete(key);
    this.#byType.get(type)?.delete(name);
    return type;
  }
}

const keyOf = (type: ResourceType, name: string) => `${type} ${name}`;

function splitKey(key: string): [ResourceType, string] {
  const space = key.indexOf(' ');
  return [key.slice(0, space) as ResourceType, key.slice(space + 1)];
}
