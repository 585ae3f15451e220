/** Named conditions that must all hold before a program says it is ready (`/readyz`). */
export class Readiness {
  readonly #missing = new Set<string>();

  /** Adds a condition, not yet met. @returns a function that says whether it holds now */
  condition(name: string): (holds: boolean) => void {
    this.#missing.add(name);
    return (holds) => void (holds ? this.#missing.delete(name) : this.#missing.add(name));
  }

  /** The names of the conditions that do not hold; empty when ready. */
  get missing(): string[] {
    return [...this.#missing];
  }
}
