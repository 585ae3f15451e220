/** Names that are kept, at most, and the longest of them: they are the clients' to choose. */
const maxNames = 20_000;
const maxLength = 256;

/**
 * One text for each name, for all clients that ask for it. Each request brings its own: with 1000 clients that ask for the
 * listeners, routes, clusters and endpoints of 20 services they took 6 MB.
 */
export class NamePool {
  readonly #names = new Map<string, string>();

  get size(): number {
    return this.#names.size;
  }

  one(name: string): string {
    const known = this.#names.get(name);
    if (known !== undefined || name.length > maxLength) return known ?? name;
    if (this.#names.size >= maxNames) this.#names.clear();
    this.#names.set(name, name);
    return name;
  }
}
