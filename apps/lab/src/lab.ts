import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LocalCluster, type DnsStatus, type ListenAddress, type ServiceStatus } from '@evenly/local-cluster';
import { LabApp, type AppSpec, type AppStatus } from './app.ts';
import { LabError } from './errors.ts';

export interface LabStatus {
  scenario: string;
  pid: number;
  dns: DnsStatus;
  apps: AppStatus[];
  services: ServiceStatus[];
}

export interface LabOptions {
  scenario: string;
  /** Of the lab's own process. */
  pid: number;
  /** Loopback address of everything. */
  host: string;
  dnsPort: number;
  /** Hears of an app that ended by itself. */
  onLost: (message: string) => void;
}

/** Everything that a scenario has started, and how to get rid of it again. */
export class Lab {
  readonly cluster: LocalCluster;
  readonly #options: LabOptions;
  readonly #apps = new Map<string, LabApp>();
  #directory: Promise<string> | undefined;
  #stopping: Promise<void> | undefined;
  #afterwards: () => Promise<void> = () => Promise.resolve();

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
  async startApp(spec: AppSpec): Promise<ListenAddress> {
    this.#refuseWhenStopping();
    const app = new LabApp(spec, this.#options.onLost);
    this.#apps.set(spec.name, app);
    return app.start();
  }

  /** Writes a file that lives as long as the lab. @returns its path */
  async writeFile(name: string, content: unknown): Promise<string> {
    this.#refuseWhenStopping();
    this.#directory ??= mkdtemp(path.join(tmpdir(), 'evenly-lab-'));
    const file = path.join(await this.#directory, name);
    await writeFile(file, `${JSON.stringify(content, undefined, 2)}\n`);
    return file;
  }

  /** Ends everything, the last started first; resolves when no process is left. May be called again. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** What to close when all has ended: the API, whose open requests are answered by then. */
  onStopped(close: () => Promise<void>): void {
    this.#afterwards = close;
  }

  /** SIGKILL for everything, when `stop` takes too long. */
  kill(): void {
    for (const app of this.#apps.values()) app.kill();
    this.cluster.kill();
  }

  async #stop(): Promise<void> {
    // The frontend lets its calls finish while everything below it still runs.
    for (const app of [...this.#apps.values()].reverse()) await app.stop();
    await this.cluster.stop();
    if (this.#directory) await rm(await this.#directory, { recursive: true, force: true });
    await this.#afterwards();
  }

  #refuseWhenStopping(): void {
    if (this.#stopping) throw new LabError('STOPPED', 'the lab is ending');
  }
}
