/** What has to have been once before a program says it is ready. Passed is passed: an outage later takes nobody away. */
export interface Gate {
  pass: () => void;
}

/** A gate that has not been passed, and why. */
export interface WaitingGate {
  gate: string;
  reason: string;
}

/** Whether a program should get traffic (`/readyz`): it serves, and each of its gates has been passed. */
export class Readiness {
  readonly #waiting = new Map<Gate, { name: string; why: () => string }>();
  readonly #listeners = new Set<() => void>();
  #phase: 'starting' | 'serving' | 'draining' = 'starting';

  /**
   * Adds a gate. One that is added while the program is ready makes it unready.
   * @param why what it waits for, asked as long as it has not been passed
   */
  gate(name: string, why: () => string): Gate {
    const gate = {
      pass: () => {
        if (this.#waiting.delete(gate)) this.#tell();
      },
    };
    this.#waiting.set(gate, { name, why });
    this.#tell();
    return gate;
  }

  /** All that the program opens is open. */
  serving(): void {
    this.#phase = 'serving';
    this.#tell();
  }

  /** The end of the program: not ready, for good. */
  draining(): void {
    this.#phase = 'draining';
    this.#tell();
  }

  get isReady(): boolean {
    return this.#phase === 'serving' && this.#waiting.size === 0;
  }

  /** Why it is not ready; empty when it is. */
  get waiting(): readonly WaitingGate[] {
    const phase = this.#phase === 'serving' ? [] : [{ gate: 'program', reason: this.#phase }];
    return [...[...this.#waiting.values()].map(({ name, why }) => ({ gate: name, reason: why() })), ...phase];
  }

  /** Told when it may have become ready, or not. May not throw. @returns stops telling */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
