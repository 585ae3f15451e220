/** Names of resources that were taken out and are remembered, at most. */
const maxLeft = 10_000;

/**
 * Which resources were taken out and are back. grpc-js-xds (1.14) holds what it gets against what it had before the
 * resource was taken out, and passes over what is the same: all calls go on failing. So what comes back carries a mark,
 * which no server has given it before.
 */
export class ReturnedNames {
  readonly #firstMark: number;
  #lastMark: number;
  readonly #left = new Set<string>();
  #hasForgotten = false;
  readonly #marks = new Map<string, number>();

  /** @param firstMark other than those of servers before this one */
  constructor(firstMark: number) {
    this.#firstMark = firstMark;
    this.#lastMark = firstMark;
  }

  left(key: string): void {
    this.#marks.delete(key);
    this.#left.add(key);
    if (this.#left.size <= maxLeft) return;
    const [oldest] = this.#left;
    this.#left.delete(oldest!);
    this.#hasForgotten = true;
  }

  came(key: string): void {
    if (this.#left.delete(key) || this.#hasForgotten) this.#marks.set(key, ++this.#lastMark);
  }

  /** @param comesBack whether the client may have it from another server, and may have been told that it is gone */
  markOf(key: string, comesBack: boolean): number {
    return this.#marks.get(key) ?? (comesBack ? this.#firstMark : 0);
  }
}
