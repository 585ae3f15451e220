import type { ResourceType } from '../resource-type.ts';
import { isWholeSet } from '../resource-type.ts';

/** Names in one subscription, at most; more is an error. */
export const maxNames = 10_000;

/**
 * What a client is subscribed to in one type, by the rules of the xDS protocol ("How the client specifies what
 * resources to return"): no names at all means everything (listeners and clusters only) until names were given once;
 * after that it means nothing. `*` asks for everything explicitly, and may stand beside names.
 */
export class Subscription {
  readonly #type: ResourceType;
  #names: ReadonlySet<string> = new Set();
  #wildcard = false;
  #everNamed = false;

  constructor(type: ResourceType) {
    this.#type = type;
  }

  get wildcard(): boolean {
    return this.#wildcard;
  }

  get names(): ReadonlySet<string> {
    return this.#names;
  }

  wants(name: string): boolean {
    return this.#wildcard || this.#names.has(name);
  }

  /** Takes over the names of a request. @returns those that were not asked for before: they are sent even if unchanged */
  update(requested: readonly string[]): { added: string[]; wildcardAdded: boolean } {
    const names = new Set(requested);
    const explicit = names.delete('*');
    if (requested.length > 0) this.#everNamed = true;
    const wildcard = explicit || (!this.#everNamed && isWholeSet(this.#type));
    const added = [...names].filter((name) => !this.#names.has(name));
    const wildcardAdded = wildcard && !this.#wildcard;
    this.#names = names;
    this.#wildcard = wildcard;
    return { added, wildcardAdded };
  }
}
