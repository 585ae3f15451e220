/** Numbers, and so colours, for pods: a pod keeps its own while it is shown, for whoever looks on and whenever they come. */
export class PodNumbers {
  readonly #numbers = new Map<string, number>();

  /**
   * New ones get the lowest numbers that are free.
   * @param shown all pods that are shown somewhere now; the others' numbers are free again
   */
  of(shown: Iterable<string>): Record<string, number> {
    const pods = new Set(shown);
    for (const pod of this.#numbers.keys()) if (!pods.has(pod)) this.#numbers.delete(pod);
    const taken = new Set(this.#numbers.values());
    let next = 0;
    for (const pod of pods) {
      if (this.#numbers.has(pod)) continue;
      while (taken.has(next)) next++;
      taken.add(next);
      this.#numbers.set(pod, next);
    }
    return Object.fromEntries(this.#numbers);
  }
}
