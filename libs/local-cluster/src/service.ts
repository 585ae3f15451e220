import { Backoff } from '@evenly/endpoints';
import { LocalClusterError } from './errors.ts';
import { Pod, type PodStatus } from './pod.ts';
import { isSettled, plan } from './rollout.ts';
import { VirtualIp, type VirtualIpStatus } from './virtual-ip.ts';

export interface ServiceSpec {
  replicas: number;
  /** The pod's program and arguments. It must announce `grpc` and `admin`; 0 = on a port of its own choice. */
  command: (pod: { name: string; host: string; port: number }) => readonly string[];
  /** What it announces instead of `grpc`. */
  announces?: string;
  /**
   * The port of all pods, each of which then has a loopback address of its own, as in a real cluster; Linux only.
   * Absent: they share the cluster's address, and differ by port.
   */
  port?: number;
  /** A connection-level virtual IP in front of the pods; its port, 0 = any. DNS then names it, and not the pods. */
  virtualIpPort?: number;
  /** The pods are in these zones, by turns. */
  zones?: readonly string[];
  env?: Readonly<Record<string, string | undefined>>;
  /** Default `default`. */
  namespace?: string;
  /** Name of the port in the SRV record, default `grpc`. */
  portName?: string;
  /** Default `tcp`. */
  protocol?: string;
  /** How long a pod that is scaled down or replaced goes on serving after it left DNS. Default 0. */
  preStopDelayMs?: number;
  /** Default 10 s. */
  stopGraceMs?: number;
  /** Default 30 s. */
  startTimeoutMs?: number;
}

/** Where a service is in its cluster. */
export interface ServicePlace {
  /** Of pods that differ by port. */
  host: string;
  virtualIp: string;
  podAddress: (number: number) => string;
}

export interface ServiceStatus {
  name: string;
  namespace: string;
  portName: string;
  protocol: string;
  /** How many are desired. */
  replicas: number;
  pods: PodStatus[];
  virtualIp?: VirtualIpStatus;
  /** The last failure of a pod to start, or to stay. */
  lastFailure?: string;
}

/** More processes than this do not help anybody on one machine. */
export const maxReplicas = 50;
const maxWaiting = 100;
const settleTimeoutMs = 180_000;
/** After this long without one, a failure is a first one again. */
const quietMs = 30_000;

interface Waiting {
  resolve: () => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

/**
 * Keeps the desired number of pods running: a small Deployment. Each change (a wish, a pod that runs, a pod that ended)
 * leads to one more step of the plan in rollout.ts.
 */
export class LocalService {
  readonly name: string;
  readonly #place: ServicePlace;
  readonly #virtualIp: VirtualIp | undefined;
  readonly #spec: ServiceSpec;
  readonly #pods = new Map<string, Pod>();
  readonly #waiting = new Set<Waiting>();
  /** Kubernetes' CrashLoopBackOff goes from 10 s to 5 min; that is no fun to watch on one's own machine. */
  readonly #backoff = new Backoff({ initialMs: 250, maxMs: 10_000, random: () => 1 });
  #failedAtMs = -Infinity;
  #desired = { replicas: 0, generation: 1 };
  #nextNumber = 1;
  #retry: NodeJS.Timeout | undefined;
  #lastFailure: string | undefined;
  #stopped = false;

  constructor(name: string, place: ServicePlace, spec: ServiceSpec) {
    this.name = name;
    this.#place = place;
    this.#spec = spec;
    checkReplicas(name, spec.replicas);
    if (spec.virtualIpPort !== undefined) {
      const at = { host: place.virtualIp, port: spec.virtualIpPort };
      this.#virtualIp = new VirtualIp(at, () => this.pods.map((pod) => pod.status));
    }
  }

  /** In the order of their numbers, ended ones not included. */
  get pods(): readonly Pod[] {
    return [...this.#pods.values()];
  }

  get status(): ServiceStatus {
    const { namespace = 'default', portName = 'grpc', protocol = 'tcp' } = this.#spec;
    return {
      name: this.name,
      namespace,
      portName,
      protocol,
      replicas: this.#desired.replicas,
      pods: this.pods.map((pod) => pod.status),
      ...(this.#virtualIp && { virtualIp: this.#virtualIp.status }),
      ...(this.#lastFailure !== undefined && { lastFailure: this.#lastFailure }),
    };
  }

  /** @throws LocalClusterError as `scale` does; PORT_IN_USE, CANNOT_LISTEN for its virtual IP */
  async start(): Promise<void> {
    // Without one, the wish counts at once: a later one must not be overtaken by it.
    if (this.#virtualIp !== undefined) await this.#virtualIp.start();
    await this.scale(this.#spec.replicas);
  }

  /**
   * Resolves when that many pods run and surplus ones have ended.
   * @throws LocalClusterError BAD_REPLICAS; START_FAILED when a pod cannot start (the service goes on trying);
   *   NOT_SETTLED after 3 min; BUSY; STOPPED
   */
  async scale(replicas: number): Promise<void> {
    checkReplicas(this.name, replicas);
    await this.#want({ ...this.#desired, replicas });
  }

  /** Replaces every pod, a new one ready first, then an old one gone. Resolves and throws as `scale` does. */
  async restart(): Promise<void> {
    await this.#want({ ...this.#desired, generation: this.#desired.generation + 1 });
  }

  /** Ends all pods, without the pre-stop delay, and replaces none. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#settleAll(new LocalClusterError('STOPPED', `${this.name} was stopped`));
    await Promise.all(this.pods.map((pod) => pod.stop()));
    await this.#virtualIp?.stop();
  }

  /** SIGKILL for all pods, for a hurry; see `stop`. */
  kill(): void {
    this.#stopped = true;
    for (const pod of this.pods) pod.kill();
  }

  #want(desired: { replicas: number; generation: number }): Promise<void> {
    if (this.#stopped) throw new LocalClusterError('STOPPED', `${this.name} was stopped`);
    if (this.#waiting.size >= maxWaiting) {
      throw new LocalClusterError(
        'BUSY',
        `${this.#waiting.size} operations wait for ${this.name}; try later`,
      );
    }
    this.#desired = desired;
    // Somebody wants it now: do not make them wait for what failed before.
    this.#backoff.reset();
    clearTimeout(this.#retry);
    this.#retry = undefined;
    return new Promise((resolve, reject) => {
      const late = new LocalClusterError(
        'NOT_SETTLED',
        `${this.name} did not settle within ${settleTimeoutMs / 1000} s`,
      );
      const waiting: Waiting = {
        resolve,
        reject,
        timer: setTimeout(() => this.#settle(waiting, late), settleTimeoutMs),
      };
      this.#waiting.add(waiting);
      this.#reconcile();
    });
  }

  #reconcile(): void {
    if (this.#stopped) return;
    let step = plan(this.#desired, this.pods);
    while (step.stop.length > 0) {
      for (const pod of step.stop) void pod.stop(this.#spec.preStopDelayMs);
      // Those that terminate do not count any more: their successors need not wait for their end.
      step = plan(this.#desired, this.pods);
    }
    if (this.#retry === undefined) for (let i = 0; i < step.start; i++) this.#startPod();
    if (isSettled(this.#desired, this.pods)) this.#settleAll();
  }

  #startPod(): void {
    const number = this.#nextNumber++;
    const name = `${this.name}-${number}`;
    const { port, zones = [], announces } = this.#spec;
    const host = port === undefined ? this.#place.host : this.#place.podAddress(number);
    const zone = zones[(number - 1) % zones.length];
    const pod = new Pod({
      name,
      generation: this.#desired.generation,
      host,
      command: this.#spec.command({ name, host, port: port ?? 0 }),
      ...(zone !== undefined && { zone }),
      ...(announces !== undefined && { announces }),
      ...(this.#spec.env !== undefined && { env: this.#spec.env }),
      startTimeoutMs: this.#spec.startTimeoutMs ?? 30_000,
      stopGraceMs: this.#spec.stopGraceMs ?? 10_000,
    });
    this.#pods.set(name, pod);
    void this.#watch(pod);
  }

  async #watch(pod: Pod): Promise<void> {
    const startFailure = await pod.started().then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    if (!startFailure) this.#reconcile();
    const exit = await pod.ended;
    this.#pods.delete(pod.name);
    if (!pod.stopRequested && !this.#stopped) {
      this.#lastFailure = startFailure?.message ?? pod.describeEnd(exit);
      this.#retryLater();
      // Who waits for these pods should hear why there is none; one that ran is simply replaced.
      if (startFailure) this.#settleAll(startFailure);
    }
    this.#reconcile();
  }

  #retryLater(): void {
    if (this.#retry !== undefined) return;
    const again = () => {
      this.#retry = undefined;
      this.#reconcile();
    };
    const nowMs = performance.now();
    if (nowMs - this.#failedAtMs > quietMs) this.#backoff.reset();
    this.#failedAtMs = nowMs;
    this.#retry = setTimeout(again, this.#backoff.next());
  }

  #settleAll(error?: Error): void {
    for (const waiting of this.#waiting) this.#settle(waiting, error);
  }

  #settle(waiting: Waiting, error?: Error): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(waiting);
    if (error) waiting.reject(error);
    else waiting.resolve();
  }
}

function checkReplicas(name: string, replicas: number): void {
  if (Number.isInteger(replicas) && replicas >= 0 && replicas <= maxReplicas) return;
  const got = JSON.stringify(replicas);
  throw new LocalClusterError(
    'BAD_REPLICAS',
    `${name}: replicas must be a whole number from 0 to ${maxReplicas}, got ${got}`,
  );
}
