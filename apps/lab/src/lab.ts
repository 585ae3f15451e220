import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LocalCluster, type DnsStatus, type ServiceStatus } from '@evenly/local-cluster';
import { LabApp, type AppSpec, type AppStatus, type LostApp } from './app.ts';
import { Calls } from './calls.ts';
import { LabError } from './errors.ts';

/** From a service to its weight in the calls. */
export type Shares = Record<string, number>;

export interface LabStatus {
  scenario: string;
  pid: number;
  dns: DnsStatus;
  apps: AppStatus[];
  services: ServiceStatus[];
  /** Of scenarios whose shares can be changed. */
  shares?: Shares;
}

export interface LabOptions {
  scenario: string;
  /** Of the lab's own process. */
  pid: number;
  /** Loopback address of everything. */
  host: string;
  dnsPort: number;
  /** Hears of an app that ended by itself. */
  onLost: (app: LostApp) => void;
}

const maxWeight = 1_000_000;

/** Everything that a scenario has started, and how to get rid of it again. */
export class Lab {
  readonly cluster: LocalCluster;
  readonly calls = new Calls();
  readonly #options: LabOptions;
  readonly #apps = new Map<string, LabApp>();
  readonly #stops: (() => Promise<void>)[] = [];
  #directory: Promise<string> | undefined;
  #stopping: Promise<void> | undefined;
  #shares: { now: Shares; apply: (shares: Shares) => Promise<unknown> } | undefined;

  constructor(options: LabOptions) {
    this.#options = options;
    this.cluster = new LocalCluster({ host: options.host, dnsPort: options.dnsPort });
  }

  get status(): LabStatus {
    return {
      scenario: this.#options.scenario,
      pid: this.#options.pid,
      dns: this.cluster.dns.status,
      apps: [...this.#apps.values()].map((app) => app.status),
      services: this.cluster.services.map((service) => service.status),
      ...(this.#shares && { shares: this.#shares.now }),
    };
  }

  /** @throws LabError UNKNOWN_APP, naming the known ones */
  app(name: string): LabApp {
    const app = this.#apps.get(name);
    if (app) return app;
    const known = [...this.#apps.keys()].join(', ') || 'none';
    throw new LabError('UNKNOWN_APP', `no app ${JSON.stringify(name)}; there are: ${known}`);
  }

  /** @throws as LabApp.start; LabError STOPPED */
  async startApp(spec: AppSpec): Promise<LabApp> {
    this.#refuseWhenStopping();
    const app = new LabApp(spec, this.#options.onLost);
    this.#apps.set(spec.name, app);
    await app.start();
    return app;
  }

  /** Ends an app for good. Does nothing if there is none. */
  async removeApp(name: string): Promise<void> {
    const app = this.#apps.get(name);
    this.#apps.delete(name);
    await app?.stop();
  }

  /** Writes a file that lives as long as the lab; anew in one go, for those who follow it. @returns its path */
  async writeFile(name: string, content: unknown): Promise<string> {
    this.#refuseWhenStopping();
    this.#directory ??= mkdtemp(path.join(tmpdir(), 'evenly-lab-'));
    const file = path.join(await this.#directory, name);
    await writeFile(`${file}.new`, `${JSON.stringify(content, undefined, 2)}\n`);
    await rename(`${file}.new`, file);
    return file;
  }

  /** The scenario has shares that can be changed. @param apply puts them in force */
  offerShares(now: Shares, apply: (shares: Shares) => Promise<unknown>): void {
    this.#shares = { now, apply };
  }

  /** @throws LabError BAD_REQUEST */
  async setShares(shares: Shares): Promise<void> {
    if (!this.#shares) {
      throw new LabError('BAD_REQUEST', `the scenario ${this.#options.scenario} has no shares to change`);
    }
    const names = Object.keys(this.#shares.now);
    const weights = names.map((name) => shares[name]);
    const isWeight = (weight?: number) => Number.isInteger(weight) && weight! >= 0 && weight! <= maxWeight;
    const sum = weights.reduce<number>((total, weight) => total + (weight ?? 0), 0);
    if (!weights.every(isWeight) || sum === 0 || Object.keys(shares).length !== names.length) {
      const wanted = `whole numbers from 0 to ${maxWeight} for ${names.join(' and ')}, not all 0`;
      throw new LabError('BAD_REQUEST', `expected ${wanted}, got ${JSON.stringify(shares)}`);
    }
    await this.#shares.apply(shares);
    this.#shares.now = shares;
  }

  /** Ends everything, the last started first; resolves when no process is left. May be called again. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** What else to close when all has ended. */
  onStop(close: () => Promise<void>): void {
    this.#stops.push(close);
  }

  /** SIGKILL for everything, when `stop` takes too long. */
  kill(): void {
    for (const app of this.#apps.values()) app.kill();
    this.cluster.kill();
  }

  async #stop(): Promise<void> {
    // Clients let their calls finish while everything below them still runs.
    for (const app of [...this.#apps.values()].reverse()) await app.stop();
    await this.cluster.stop();
    for (const close of this.#stops) await close();
    if (this.#directory) await rm(await this.#directory, { recursive: true, force: true });
  }

  #refuseWhenStopping(): void {
    if (this.#stopping) throw new LabError('STOPPED', 'the lab is ending');
  }
}
