interface Remembered<R> {
  inputs: readonly unknown[];
  result: R;
}

/**
 * Remembers what was made of an object, as long as all that it was made of is the same: of 500 routes, usually one has
 * changed. Forgets what belongs to objects that are gone.
 */
export class Memo<K extends object, R> {
  readonly #known = new WeakMap<K, Remembered<R>>();

  /** @param inputs all that `make` looks at besides the key, compared by identity */
  get(key: K, inputs: readonly unknown[], make: () => R): R {
    const known = this.#known.get(key);
    if (known !== undefined && sameItems(known.inputs, inputs)) return known.result;
    const result = make();
    this.#known.set(key, { inputs, result });
    return result;
  }
}

/** The same for what has a name, be the objects that it is made of other ones each time. */
export class NamedMemo<R> {
  #known = new Map<string, Remembered<R>>();
  #asked = new Map<string, Remembered<R>>();

  get(name: string, inputs: readonly unknown[], make: () => R): R {
    const known = this.#known.get(name);
    const found = known !== undefined && sameItems(known.inputs, inputs) ? known : { inputs, result: make() };
    this.#asked.set(name, found);
    return found.result;
  }

  /** Once everything has been asked for: what nobody asked for is gone. */
  forgetOthers(): void {
    this.#known = this.#asked;
    this.#asked = new Map();
  }
}

/** What is looked up in a map by somebody who makes something of it: that holds for as long as the answers are the same. */
export class Lookups<V> {
  readonly #map: ReadonlyMap<string, V>;
  /** The last one in which all answers were the same: no need to look again. */
  #heldIn: ReadonlyMap<string, V>;
  readonly #answers = new Map<string, V | undefined>();

  constructor(map: ReadonlyMap<string, V>) {
    this.#map = map;
    this.#heldIn = map;
  }

  get(key: string): V | undefined {
    const answer = this.#map.get(key);
    this.#answers.set(key, answer);
    return answer;
  }

  holdIn(map: ReadonlyMap<string, V>): boolean {
    if (map === this.#heldIn) return true;
    for (const [key, answer] of this.#answers) if (map.get(key) !== answer) return false;
    this.#heldIn = map;
    return true;
  }
}

/** The list that was there before where the new one has the same items, so that who remembers by identity goes on. */
export class StableList<T> {
  #last: readonly T[] = [];

  of(items: readonly T[]): readonly T[] {
    if (!sameItems(this.#last, items)) this.#last = items;
    return this.#last;
  }
}

/** The same for a map. */
export class StableMap<K, V> {
  #last: ReadonlyMap<K, V> = new Map();

  of(items: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
    if (!this.#isSame(items)) this.#last = items;
    return this.#last;
  }

  #isSame(items: ReadonlyMap<K, V>): boolean {
    if (items.size !== this.#last.size) return false;
    for (const [key, item] of items) if (this.#last.get(key) !== item) return false;
    return true;
  }
}

export function sameItems(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one === other) return true;
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
