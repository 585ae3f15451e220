import { XdsError } from './errors.ts';
import { isMeantFor } from './gateway-listener.ts';
import { aliasOf, consumerStandIn, isForAnyName, isStandIn, standInsFor } from './listener-alias.ts';
import { isGrpc, type NodeInfo } from './node.ts';
import { isNodeResource, type NodeResource, type Resource } from './resource.ts';
import type { ResourceType } from './resource-type.ts';
import { ReturnedNames } from './returned-names.ts';
import { NamePool } from './stream/name-pool.ts';
import { ResponseEncoder } from './stream/response-encoder.ts';

type Served = Resource | NodeResource;

/** The names of each type whose content has changed. */
export type CacheChange = ReadonlyMap<ResourceType, ReadonlySet<string>>;

/** Is told what has changed. May not throw. */
export type CacheListener = (changed: CacheChange) => void;

/**
 * All resources that are served now. Each belongs to an owner (a service), who replaces or removes all of his at once;
 * so one service's trouble never touches another's resources.
 */
export class ResourceCache {
  /** Shared by all streams that serve from here: what one client is sent is encoded for the others too. */
  readonly encoder = new ResponseEncoder();
  /** Also shared by them. */
  readonly names = new NamePool();
  readonly #byType = new Map<ResourceType, Map<string, Served>>();
  readonly #ownerOf = new Map<string, string>();
  readonly #keysOf = new Map<string, Map<string, Served>>();
  readonly #listeners = new Set<CacheListener>();
  readonly #wholeListeners = new Set<() => void>();
  readonly #returned: ReturnedNames;
  readonly #clusterDomain: string;
  #isPartial = false;

  /**
   * @param firstMark see ReturnedNames; the time of day in milliseconds will do
   * @param clusterDomain what the names of Services in DNS end with
   */
  constructor(firstMark = 1, clusterDomain = 'cluster.local') {
    this.#returned = new ReturnedNames(firstMark);
    this.#clusterDomain = clusterDomain;
  }

  /**
   * Some of those who say what is served have not spoken yet. Until they have, what is not here is not known to be missing: no
   * client is told so, and those that have it from another server keep it. Set to false once the rest is here.
   */
  get isPartial(): boolean {
    return this.#isPartial;
  }

  set isPartial(isPartial: boolean) {
    const becomesWhole = this.#isPartial && !isPartial;
    this.#isPartial = isPartial;
    if (becomesWhole) for (const listener of this.#wholeListeners) listener();
  }

  /** Whether there is such a resource for any node. */
  has(type: ResourceType, name: string): boolean {
    return this.#byType.get(type)?.has(name) === true;
  }

  /** A resource as this node gets it, under this name; undefined when there is none for it. */
  get(type: ResourceType, name: string, node: NodeInfo): Resource | undefined {
    if (type !== 'listener' || !isGrpc(node.kind)) return this.#own(type, name, node);
    const consumer = consumerStandIn(name, node, this.#clusterDomain);
    const forConsumer = consumer === undefined ? undefined : this.#own(type, consumer, node);
    if (forConsumer !== undefined) return aliasOf(forConsumer, name);
    const own = this.#own(type, name, node);
    if (own !== undefined) return own;
    for (const other of standInsFor(name, node, this.#clusterDomain)) {
      if (this.#isPartial && isForAnyName(other)) return undefined; // what has this very name may still come
      const listener = this.#own(type, other, node);
      if (listener !== undefined) return aliasOf(listener, name);
    }
    return undefined;
  }

  #own(type: ResourceType, name: string, node: NodeInfo): Resource | undefined {
    const item = this.#byType.get(type)?.get(name);
    return item && this.#asSeenBy(node, item);
  }

  /** All resources of a type, as this node gets them; of listeners those that are meant for it. */
  all(type: ResourceType, node: NodeInfo): Resource[] {
    const found: Resource[] = [];
    for (const item of this.#byType.get(type)?.values() ?? []) {
      const own = this.#asSeenBy(node, item);
      if (own === undefined || isStandIn(own.name)) continue;
      if (type !== 'listener' || isMeantFor(own.name, node)) found.push(own);
    }
    return found;
  }

  /**
   * Replaces everything that `owner` has; listeners are told once, and only of content that differs.
   * @throws XdsError NAME_TAKEN when a resource of that type and name is another owner's; nothing is changed then
   */
  replace(owner: string, resources: readonly Served[]): void {
    const next = new Map(resources.map((item) => [`${item.type} ${item.name}`, item]));
    for (const [key, item] of next) {
      const other = this.#ownerOf.get(key);
      if (other !== undefined && other !== owner) {
        throw new XdsError('NAME_TAKEN', `${item.type} "${item.name}" of ${owner} is also of ${other}`);
      }
    }
    const changed = new Map<ResourceType, Set<string>>();
    const note = ({ type, name }: Served) => {
      const names = changed.get(type);
      if (names === undefined) changed.set(type, new Set([name]));
      else names.add(name);
    };
    for (const [key, item] of this.#keysOf.get(owner) ?? []) {
      if (next.has(key)) continue;
      this.#ownerOf.delete(key);
      this.#returned.left(key);
      this.#byType.get(item.type)?.delete(item.name);
      note(item);
    }
    for (const [key, item] of next) {
      if (!this.#ownerOf.has(key)) this.#returned.came(key);
      this.#ownerOf.set(key, owner);
      if (this.#put(item)) note(item);
    }
    if (next.size > 0) this.#keysOf.set(owner, next);
    else this.#keysOf.delete(owner);
    if (changed.size > 0) for (const listener of this.#listeners) listener(changed);
  }

  /** @returns stops telling */
  onChange(listener: CacheListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Told when all have spoken who say what is served. May not throw. @returns stops telling */
  onWhole(listener: () => void): () => void {
    this.#wholeListeners.add(listener);
    return () => void this.#wholeListeners.delete(listener);
  }

  #asSeenBy(node: NodeInfo, item: Served): Resource | undefined {
    if (!isNodeResource(item)) return item;
    return item.forNode(node, this.#returned.markOf(`${item.type} ${item.name}`, node.comesBack));
  }

  /** @returns whether the content differs; the same content keeps its object, and so what is derived from it */
  #put(item: Served): boolean {
    let ofType = this.#byType.get(item.type);
    if (ofType === undefined) this.#byType.set(item.type, (ofType = new Map<string, Served>()));
    if (ofType.get(item.name)?.version === item.version) return false;
    ofType.set(item.name, item);
    return true;
  }
}
