import { ManagedProcess, describeExit, type ListenAddress } from '@evenly/local-cluster';
import { LabError } from './errors.ts';

export interface AppSpec {
  name: string;
  /** What it announces: `xds`, `http`, … */
  what: string;
  /** The port wanted at first, 0 = any; after a restart the app gets the same port again. */
  port: number;
  command: (port: number) => readonly string[];
  env: Readonly<Record<string, string>>;
  /** As ManagedProcess has it. */
  onLine?: (line: string) => boolean;
}

export interface AppStatus {
  name: string;
  state: 'starting' | 'running' | 'ended';
  pid?: number;
  /** From what it announced (`http`, `xds`, `admin`) to the address. */
  ports: Record<string, ListenAddress>;
  restarts: number;
  /** How it ended, if it did so by itself. */
  lost?: string;
}

/** An app that ended by itself. */
export interface LostApp {
  name: string;
  /** That, how, and its last lines. */
  message: string;
}

const startTimeoutMs = 30_000;
const stopGraceMs = 8000;

/** A single program of the scenario that is no pod: the xDS server, the frontend. */
export class LabApp {
  readonly name: string;
  readonly #spec: AppSpec;
  readonly #onLost: (app: LostApp) => void;
  #process: ManagedProcess | undefined;
  #port: number;
  #restarts = 0;
  #lost: string | undefined;
  #restarting: Promise<void> | undefined;
  #stopped = false;

  /** @param onLost hears when the app ends by itself; it is not started again then, `restart` does that */
  constructor(spec: AppSpec, onLost: (app: LostApp) => void) {
    this.name = spec.name;
    this.#spec = spec;
    this.#port = spec.port;
    this.#onLost = onLost;
  }

  get status(): AppStatus {
    const process = this.#process;
    const ports = Object.fromEntries(process?.addresses ?? []);
    const listens = this.#spec.what in ports;
    return {
      name: this.name,
      state: !process || process.exit ? 'ended' : listens ? 'running' : 'starting',
      ...(process?.pid !== undefined && { pid: process.pid }),
      ports,
      restarts: this.#restarts,
      ...(this.#lost !== undefined && { lost: this.#lost }),
    };
  }

  get log(): readonly string[] {
    return this.#process?.log.lines ?? [];
  }

  /** @throws LocalClusterError START_FAILED with the last lines of its log; it is gone then */
  async start(): Promise<ListenAddress> {
    if (this.#stopped) throw new LabError('STOPPED', `${this.name} was stopped`);
    const process = new ManagedProcess({ ...this.#spec, command: this.#spec.command(this.#port) });
    this.#process = process;
    this.#lost = undefined;
    try {
      await process.listening([this.#spec.what, 'admin'], startTimeoutMs);
    } catch (error) {
      process.kill();
      await process.exited;
      throw error;
    }
    void process.exited.then((exit) => {
      if (this.#stopped || this.#restarting) return;
      this.#lost = exit.signal ? `was killed by ${exit.signal}` : `ended by itself (${describeExit(exit)})`;
      const message = `${this.name} ${this.#lost}; its last lines:\n${process.log.text}`;
      this.#onLost({ name: this.name, message });
    });
    const at = process.addresses.get(this.#spec.what)!;
    this.#port = at.port;
    return at;
  }

  /** SIGTERM, then the same program on the same port. Two at once are one. Throws as `start` does. */
  restart(): Promise<void> {
    this.#restarting ??= this.#restart().finally(() => (this.#restarting = undefined));
    return this.#restarting;
  }

  /** Resolves when it is gone; SIGKILL after 8 s. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#process?.stop(stopGraceMs);
  }

  kill(): void {
    this.#stopped = true;
    this.#process?.kill();
  }

  async #restart(): Promise<void> {
    await this.#process?.stop(stopGraceMs);
    await this.start();
    this.#restarts++;
  }
}
