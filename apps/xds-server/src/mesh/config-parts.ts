import { Memo, type MeshConfig, type Route, type Service } from '@evenly/mesh-config';

/** Who says a part of the config; of what two say, the first counts: a file is written by somebody who meant it. */
export const partNames = ['files', 'services', 'gateway-api'] as const;
export type PartName = (typeof partNames)[number];

export interface ConfigPartsOptions {
  expected: Iterable<PartName>;
  /**
   * @param isWhole all have spoken; else what is not in the config is not known to be missing
   * @throws what the config cannot be applied for
   */
  apply: (config: MeshConfig, isWhole: boolean) => void;
  /** Told of a part of the cluster that cannot be applied; the last good config stays. */
  onRefused: (part: PartName, error: Error) => void;
}

/**
 * The config from all who say a part of it. Nothing is applied before each of them has spoken once, unless it is done without
 * those that are away.
 */
export class ConfigParts {
  readonly #options: ConfigPartsOptions;
  readonly #expected: ReadonlySet<PartName>;
  readonly #parts = new Map<PartName, MeshConfig>();
  readonly #trusted = new Memo<Service, Service>();
  #mayBePartial = false;

  constructor(options: ConfigPartsOptions) {
    this.#options = options;
    this.#expected = new Set(options.expected);
  }

  /** Who has not spoken yet. */
  get missing(): readonly PartName[] {
    return [...this.#expected].filter((name) => !this.#parts.has(name));
  }

  /** Whether those who have spoken have said anything. */
  get saysAnything(): boolean {
    return this.#spoken().some(
      ({ services, routes, listeners }) => services.size + routes.length + listeners.length > 0,
    );
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
      this.#options.onRefused(name, error as Error);
      return false;
    }
  }

  /** @throws what the config cannot be applied for */
  set(name: PartName, part: MeshConfig): void {
    this.#parts.set(name, part);
    this.#apply();
  }

  /**
   * From now on what has been said is applied, whoever is still missing.
   * @throws what the config cannot be applied for
   */
  doWithoutMissing(): void {
    this.#mayBePartial = true;
    this.#apply();
  }

  #apply(): void {
    const isWhole = this.#parts.size === this.#expected.size;
    if (isWhole || this.#mayBePartial) this.#options.apply(this.#merged(), isWhole);
  }

  /** What the Gateway API says of a discovered Service, its routes and how it is trusted, must not be passed by. */
  #spoken(): MeshConfig[] {
    const spoken = this.missing.includes('gateway-api') ? ['files' as const] : partNames;
    return spoken.flatMap((name) => this.#parts.get(name) ?? []);
  }

  #merged(): MeshConfig {
    const parts = this.#spoken();
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
