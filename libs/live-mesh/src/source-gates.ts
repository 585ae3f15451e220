import type { DiscoveryError, DiscoveryErrorCode } from '@evenly/endpoints';
import type { MeshConfig } from '@evenly/mesh-config';

/** What keeps a program from being ready, by name: `PatientGates` of @evenly/service. */
export interface NamedGates {
  add(kind: string, name: string, why: () => string): void;
  pass(name: string): void;
  readonly waiting: readonly string[];
}

/** Whether a program is of use without those that still wait, of so many in all. */
export type MayDoWithout = (waiting: readonly string[], all: number) => boolean;

/** The source has answered: what is wrong is the service, and waiting for a better answer is in vain. */
const ofTheService = new Set<DiscoveryErrorCode>(['NOT_FOUND', 'NO_PORT', 'TOO_MANY', 'NO_HEALTH_ANSWER']);

/** The part of sources that cannot be asked which a program does without in the end. */
const doneWithout = 1 / 10;

/**
 * Each source of the first config has to have told a set once, an empty one too, before the program is ready: a program that
 * may not ask must not replace one that knows all. Sources of later configs keep nobody from being ready.
 *
 * Those that cannot be told for a fault of their service, and a tenth that cannot be asked, are done without in the end if
 * others have told theirs: a single service must not keep the servers of all others unready.
 */
export class SourceGates {
  readonly #gates: NamedGates;
  readonly #errors = new Map<string, DiscoveryError>();

  constructor(make: (mayDoWithout: MayDoWithout) => NamedGates) {
    this.#gates = make(
      (waiting, all) =>
        waiting.length < all &&
        waiting.filter((name) => !this.#isOfService(name)).length <= all * doneWithout,
    );
  }

  /** Of the first config, before its sources are watched. */
  waitFor(config: MeshConfig): void {
    for (const name of namesOf(config)) this.#gates.add('source', name, () => this.#reasonOf(name));
  }

  /** Of later configs: lets go of what they do not have any more. */
  retain(config: MeshConfig): void {
    const names = namesOf(config);
    for (const name of this.#gates.waiting) if (!names.has(name)) this.told(name);
  }

  /** @param name of a service; of a subset with its own name behind a "/" */
  told(name: string): void {
    this.#errors.delete(name);
    this.#gates.pass(name);
  }

  failed(name: string, error: DiscoveryError): void {
    if (this.#gates.waiting.includes(name)) this.#errors.set(name, error);
  }

  #reasonOf(name: string): string {
    return this.#errors.get(name)?.message ?? 'has not answered yet';
  }

  #isOfService(name: string): boolean {
    const error = this.#errors.get(name);
    return error !== undefined && ofTheService.has(error.code);
  }
}

function namesOf({ services }: MeshConfig): ReadonlySet<string> {
  return new Set(
    [...services.values()].flatMap(({ name, subsets }) => [
      name,
      ...[...subsets.keys()].map((subset) => `${name}/${subset}`),
    ]),
  );
}
