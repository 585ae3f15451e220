import { setTimeout as delay } from 'node:timers/promises';
import { LocalClusterError } from './errors.ts';
import { ManagedProcess, describeExit, type Exit } from './process.ts';

/** starting → running → terminating → ended; a pod is in DNS while it is running. */
export type PodState = 'starting' | 'running' | 'terminating' | 'ended';

export interface PodSpec {
  name: string;
  /** Which rollout of the service it belongs to. */
  generation: number;
  host: string;
  /** For the EndpointSlice API; absent = it is in none. */
  zone?: string;
  /** What it announces as the port that calls go to; default `grpc`. */
  announces?: string;
  command: readonly string[];
  env?: Readonly<Record<string, string | undefined>>;
  startTimeoutMs: number;
  /** How long calls in flight may take after SIGTERM, before SIGKILL. */
  stopGraceMs: number;
}

/** What people and tests see of a pod. Ports are absent until it listens. */
export interface PodStatus {
  name: string;
  state: PodState;
  pid?: number;
  address: string;
  port?: number;
  adminPort?: number;
  zone?: string;
  /** When it began to run, in milliseconds since 1970. */
  readyAtMs?: number;
  /** How it behaves, if that was changed: as it said itself. */
  behaviour?: Readonly<Record<string, unknown>>;
}

/** How long a pod may take to answer on its admin port. */
const adminTimeoutMs = 5000;

/** One replica of a service: a process with a `grpc` and an `admin` port on loopback. */
export class Pod {
  readonly name: string;
  readonly generation: number;
  readonly #spec: PodSpec;
  readonly #process: ManagedProcess;
  readonly #hurry = new AbortController();
  #state: PodState = 'starting';
  #stopRequested = false;
  #readyAtMs: number | undefined;
  #behaviour: Readonly<Record<string, unknown>> | undefined;

  /** Starts the process at once; see `started`. */
  constructor(spec: PodSpec) {
    this.name = spec.name;
    this.generation = spec.generation;
    this.#spec = spec;
    this.#process = new ManagedProcess(spec);
    void this.#process.exited.then(() => (this.#state = 'ended'));
  }

  get state(): PodState {
    return this.#state;
  }

  /** True once `stop` was called: its end is no failure then. */
  get stopRequested(): boolean {
    return this.#stopRequested;
  }

  get log(): readonly string[] {
    return this.#process.log.lines;
  }

  /** Resolves when the process has ended, for whatever reason. */
  get ended(): Promise<Exit> {
    return this.#process.exited;
  }

  get status(): PodStatus {
    const port = this.#process.addresses.get(this.#announces)?.port;
    const adminPort = this.#process.addresses.get('admin')?.port;
    return {
      name: this.name,
      state: this.#state,
      ...(this.#process.pid !== undefined && { pid: this.#process.pid }),
      address: this.#spec.host,
      ...(port !== undefined && { port }),
      ...(adminPort !== undefined && { adminPort }),
      ...(this.#readyAtMs !== undefined && { readyAtMs: this.#readyAtMs }),
      ...(this.#behaviour && { behaviour: this.#behaviour }),
      ...(this.#spec.zone !== undefined && { zone: this.#spec.zone }),
    };
  }

  /**
   * Resolves when the pod is running.
   * @throws LocalClusterError START_FAILED with the last lines of its log; the process is gone then
   */
  async started(): Promise<void> {
    try {
      await this.#process.listening([this.#announces, 'admin'], this.#spec.startTimeoutMs);
    } catch (error) {
      this.kill();
      await this.ended;
      throw error;
    }
    if (this.#state !== 'starting') return;
    this.#state = 'running';
    this.#readyAtMs = Date.now();
  }

  /**
   * Takes the pod out of DNS now and ends it after `preStopDelayMs`, so that clients can hear of it first (Kubernetes:
   * a preStop hook that sleeps, because endpoints are withdrawn while SIGTERM is already on its way).
   * A later call without delay cuts the wait short.
   */
  async stop(preStopDelayMs = 0): Promise<void> {
    if (this.#state === 'ended') return;
    this.#stopRequested = true;
    this.#state = 'terminating';
    if (preStopDelayMs > 0) {
      const wait = delay(preStopDelayMs, undefined, { signal: this.#hurry.signal }).catch(() => undefined);
      await Promise.race([wait, this.ended]);
    } else {
      this.#hurry.abort();
    }
    await this.#process.stop(this.#spec.stopGraceMs);
  }

  /** SIGKILL. The pod's service replaces it, unless it was terminating anyway. */
  kill(): void {
    this.#process.kill();
  }

  /**
   * Changes how the pod behaves, by its admin port (`PATCH /behaviour`).
   * @returns the whole behaviour as the pod now reports it
   * @throws LocalClusterError BAD_BEHAVIOUR with the pod's reason, POD_NOT_RUNNING
   */
  async behaviour(change: unknown): Promise<unknown> {
    const { adminPort, address } = this.status;
    if (this.#state !== 'running' || adminPort === undefined) {
      throw new LocalClusterError('POD_NOT_RUNNING', `${this.name} is ${this.#state}`);
    }
    const host = address.includes(':') ? `[${address}]` : address;
    const response = await fetch(`http://${host}:${adminPort}/behaviour`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(change),
      signal: AbortSignal.timeout(adminTimeoutMs),
    }).catch((cause: unknown) => {
      throw new LocalClusterError('POD_NOT_RUNNING', `${this.name} does not answer on its admin port`, {
        cause,
      });
    });
    const body = await response.text();
    if (!response.ok) throw new LocalClusterError('BAD_BEHAVIOUR', `${this.name}: ${body.trim()}`);
    this.#behaviour = JSON.parse(body) as Record<string, unknown>;
    return this.#behaviour;
  }

  get #announces(): string {
    return this.#spec.announces ?? 'grpc';
  }

  /** For the message about a pod that ended by itself. */
  describeEnd(exit: Exit): string {
    return `${this.name} ended by itself (${describeExit(exit)}); its last lines:\n${this.#process.log.text}`;
  }
}
