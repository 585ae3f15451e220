import { Memo, type MeshConfig, type Route, type Service } from '@evenly/mesh-config';

/** Who says a part of the config; of what two say, the first counts: a file is written by somebody who meant it. */
export const partNames = ['files', 'services', 'gateway-api'] as const;
export type PartName = (typeof partNames)[number];

/**
 * The config from all who say a part of it. Nothing is applied before each of them has spoken once: a client that is told
 * "no such listener" would drop what it has from the server before this one.
 */
export class ConfigParts {
  readonly #expected: ReadonlySet<PartName>;
  readonly #apply: (config: MeshConfig) => void;
  readonly #onRefused: (part: PartName, error: Error) => void;
  readonly #parts = new Map<PartName, MeshConfig>();
  readonly #trusted = new Memo<Service, Service>();

  /** @param onRefused told of a part of the cluster that cannot be applied; the last good config stays */
  constructor(
    expected: Iterable<PartName>,
    apply: (config: MeshConfig) => void,
    onRefused: (part: PartName, error: Error) => void,
  ) {
    this.#expected = new Set(expected);
    this.#apply = apply;
    this.#onRefused = onRefused;
  }

  /**
   * From who watches the cluster, and could do nothing about a config that cannot be applied.
   * @returns whether it was taken
   */
  offer(name: PartName, part: MeshConfig): boolean {
    const before = this.#parts.get(name);
    try {
      this.set(name, part);
      return true;
    } catch (error) {
      if (before === undefined) this.#parts.delete(name);
      else this.#parts.set(name, before);
      this.#onRefused(name, error as Error);
      return false;
    }
  }

  /** @throws what the config cannot be applied for */
  set(name: PartName, part: MeshConfig): void {
    this.#parts.set(name, part);
    if (this.#parts.size === this.#expected.size) this.#apply(this.#merged());
  }

  #merged(): MeshConfig {
    const parts = partNames.flatMap((name) => this.#parts.get(name) ?? []);
    if (parts.length === 1) return parts[0]!;
    const reversed = [...parts].reverse();
    return {
      services: this.#services(new Map(reversed.flatMap(({ services }) => [...services]))),
      routes: this.#routes(),
      listeners: [
        ...new Map(reversed.flatMap(({ listeners }) => listeners.map((each) => [each.name, each]))).values(),
      ],
    };
  }

  /** A policy of the cluster that says how a Service's endpoints are trusted holds for what was discovered too. */
  #services(merged: Map<string, Service>): ReadonlyMap<string, Service> {
    const discovered = this.#parts.get('services')?.services;
    for (const [name, { tls }] of this.#parts.get('gateway-api')?.services ?? []) {
      const service = merged.get(name);
      if (tls !== undefined && service !== undefined && discovered?.get(name) === service)
        merged.set(
          name,
          this.#trusted.get(service, [tls], () => ({ ...service, tls })),
        );
    }
    return merged;
  }

  /** What a discovered Service has as a route is only a name for it, and nothing beside a route that somebody wrote. */
  #routes(): readonly Route[] {
    const written = [this.#parts.get('files'), this.#parts.get('gateway-api')].flatMap(
      (part) => part?.routes ?? [],
    );
    const discovered = this.#parts.get('services')?.routes ?? [];
    if (written.length === 0) return discovered;
    const named = new Set(written.map(({ match }) => match.authority));
    return [...written, ...discovered.filter(({ match }) => !named.has(match.authority))];
  }
}
