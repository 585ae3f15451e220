/** Named conditions that must all hold before a program says it is ready (`/readyz`). */
export class Readiness {
  readonly #missing = new Set<string>();
  readonly #listeners = new Set<() => void>();

  /** Adds a condition, not yet met. @returns a function that says whether it holds now */
  condition(name: string): (holds: boolean) => void {
    this.#missing.add(name);
    this.#tell();
    return (holds) => {
      if (holds) this.#missing.delete(name);
      else this.#missing.add(name);
      this.#tell();
    };
  }

  /** Told when a condition was said to hold or not. May not throw. @returns stops telling */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** The names of the conditions that do not hold; empty when ready. */
  get missing(): string[] {
    return [...this.#missing];
  }
}
