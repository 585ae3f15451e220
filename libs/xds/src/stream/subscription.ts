import { XdsError } from '../errors.ts';
import type { StreamLimits } from '../limits.ts';
import { isWholeSet, type ResourceType } from '../resource-type.ts';
import type { NamePool } from './name-pool.ts';

/** What a request changed in a subscription. */
export interface SubscriptionChange {
  /** Names asked for anew: sent even if unchanged, for the client may have forgotten them. */
  added: string[];
  /** Names not asked for any more, by themselves; a wildcard may still want them. */
  dropped: string[];
  wildcardAdded: boolean;
}

/**
 * What a client is subscribed to in one type, by the rules of the xDS protocol ("How the client specifies what
 * resources to return"): no names at all in the first request mean everything (listeners and clusters only); after
 * names were given once, no names mean nothing. `*` asks for everything explicitly, and may stand beside names.
 */
export class Subscription {
  readonly #type: ResourceType;
  readonly #limits: StreamLimits;
  readonly #pool: NamePool;
  #names = new Set<string>();
  #listed: readonly string[] | undefined;
  #wildcard = false;
  #started = false;
  #everNamed = false;

  constructor(type: ResourceType, limits: StreamLimits, pool: NamePool) {
    this.#type = type;
    this.#limits = limits;
    this.#pool = pool;
  }

  get wildcard(): boolean {
    return this.#wildcard;
  }

  get names(): ReadonlySet<string> {
    return this.#names;
  }

  /** The names as the request listed them that brought them; undefined: none did. */
  get listed(): readonly string[] | undefined {
    return this.#listed;
  }

  wants(name: string): boolean {
    return this.#wildcard || this.#names.has(name);
  }

  /**
   * State of the world: a request lists all names.
   * @returns undefined when they are the same as before
   * @throws XdsError TOO_MANY_NAMES
   */
  replace(requested: readonly string[]): SubscriptionChange | undefined {
    if (this.#isListed(requested)) return undefined;
    this.#check(requested, requested.length);
    const listed = requested.map((name) => this.#pool.one(name));
    const names = new Set(listed);
    if (this.#isSame(names)) return undefined;
    this.#listed = listed;
    const explicit = names.delete('*');
    if (requested.length > 0) this.#everNamed = true;
    const wildcard = explicit || (!this.#everNamed && isWholeSet(this.#type));
    const change = {
      added: [...names].filter((name) => !this.#names.has(name)),
      dropped: [...this.#names].filter((name) => !names.has(name)),
      wildcardAdded: wildcard && !this.#wildcard,
    };
    this.#names = names;
    this.#wildcard = wildcard;
    return change;
  }

  /**
   * Delta: a request lists what is added and what is dropped.
   * A name that is added again though it is there counts as added: the client asks for it anew.
   * @returns undefined when it says nothing of names
   * @throws XdsError TOO_MANY_NAMES
   */
  patch(subscribe: readonly string[], unsubscribe: readonly string[]): SubscriptionChange | undefined {
    if (this.#started && subscribe.length === 0 && unsubscribe.length === 0) return undefined;
    this.#check(subscribe, this.#names.size + subscribe.length);
    const hadWildcard = this.#wildcard;
    if (!this.#started && subscribe.length === 0 && isWholeSet(this.#type)) this.#wildcard = true;
    this.#started = true;
    const dropped = unsubscribe.filter((name) => this.#names.delete(name));
    if (unsubscribe.includes('*')) this.#wildcard = false;
    if (subscribe.includes('*')) this.#wildcard = true;
    const added = subscribe.filter((name) => name !== '*').map((name) => this.#pool.one(name));
    for (const name of added) this.#names.add(name);
    return { added, dropped, wildcardAdded: this.#wildcard && !hadWildcard };
  }

  /** As most ACKs have them. */
  #isListed(requested: readonly string[]): boolean {
    const listed = this.#listed;
    if (listed === undefined || listed.length !== requested.length) return false;
    for (let index = 0; index < listed.length; index++) if (listed[index] !== requested[index]) return false;
    return true;
  }

  /** The same in another order; with a wildcard, or with no names at all, it is looked at in full. */
  #isSame(names: ReadonlySet<string>): boolean {
    if (this.#wildcard || names.size === 0 || names.size !== this.#names.size) return false;
    for (const name of names) if (!this.#names.has(name)) return false;
    return true;
  }

  #check(names: readonly string[], total: number): void {
    if (total > this.#limits.names) {
      throw new XdsError(
        'TOO_MANY_NAMES',
        `${total} names of one type; at most ${this.#limits.names} are taken`,
      );
    }
    if (names.some((name) => name.length > this.#limits.nameLength)) {
      throw new XdsError('TOO_MANY_NAMES', `a name has more than ${this.#limits.nameLength} characters`);
    }
  }
}
