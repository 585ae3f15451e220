import { BalancingError } from './errors.ts';
import { HostTable, type Host, type HostSpec } from './host.ts';
import { OutlierDetector, type OutlierOptions } from './outlier.ts';
import { checkPanicThreshold, defaultPanicThreshold } from './panic.ts';
import type { CallOutcome } from './call-outcome.ts';
import type { Picker, Random, Weigh } from './picker.ts';
import { pickerFactory, type PickerFactory, type BalancingPolicy } from './policy.ts';
import { SlowStart, type SlowStartOptions } from './slow-start.ts';
import { usableHosts } from './usable-hosts.ts';

export interface BalancerOptions {
  policy: BalancingPolicy;
  random: Random;
  /** Below this healthy share health is ignored: 0 (never) to 1, default 0.5. */
  panicThreshold?: number;
  /** Default: nobody is ejected. */
  outlier?: OutlierOptions;
  /** Default: new hosts get their full share at once. Ring hash ignores it. */
  slowStart?: SlowStartOptions;
}

/**
 * Everything together for one service: endpoints and their health in, hosts for calls out. It has no timers: call
 * `tick` about every second.
 */
export class Balancer<T = unknown> implements Picker<T> {
  readonly #panicThreshold: number;
  readonly #factory: PickerFactory<T>;
  readonly #outlier: OutlierDetector<T> | undefined;
  readonly #slowStart: SlowStart | undefined;
  readonly #table = new HostTable<T>();
  #hosts: readonly Host<T>[] = [];
  #picker: Picker<T> | undefined;
  /** Some host is in slow start, so weights change with time. */
  #ramping = false;

  /** @throws BalancingError `BAD_OPTION` */
  constructor(options: BalancerOptions) {
    const { policy, random, outlier, slowStart } = options;
    this.#factory = pickerFactory(policy, random);
    this.#outlier = outlier && new OutlierDetector(outlier, random);
    this.#slowStart = slowStart && new SlowStart(slowStart);
    this.#panicThreshold = checkPanicThreshold(options.panicThreshold ?? defaultPanicThreshold);
  }

  /** Whether it needs to be told when calls start and end, for its choice or to eject outliers. */
  get learnsFromCalls(): boolean {
    return this.#factory.learnsFromCalls || this.#outlier !== undefined;
  }

  /** All hosts with their statistics, the unhealthy ones too. */
  get hosts(): readonly Host<T>[] {
    return this.#hosts;
  }

  /** Whatever its health: for calls that have to go to this one. */
  find(key: string): Host<T> | undefined {
    return this.#table.find(key);
  }

  /**
   * Takes a new list of endpoints, or of their health.
   *
   * @throws BalancingError `BAD_HOST`, `DUPLICATE_HOST`, `TOO_MANY`, `ZERO_WEIGHTS`; the last list stays in use
   */
  update(specs: readonly HostSpec<T>[], nowMs: number): void {
    this.#hosts = this.#table.update(specs, nowMs);
    this.#outlier?.update(this.#hosts, nowMs);
    this.#rebuild(nowMs);
  }

  pick(nowMs: number, hash?: number): Host<T> | undefined {
    return this.#picker?.pick(nowMs, hash);
  }

  /** Every call on a picked host is started and ended, however it ends. */
  callStarted(host: Host<T>): void {
    host.stats.active++;
  }

  /**
   * For one that was counted as started and never was sent: nothing is learned from it.
   *
   * @throws BalancingError `NOT_STARTED`
   */
  callNotMade(host: Host<T>): void {
    const { stats } = host;
    if (stats.active === 0) throw new BalancingError('NOT_STARTED', `no call is under way on ${host.key}`);
    stats.active--;
  }

  /** @throws BalancingError `NOT_STARTED` */
  callEnded(host: Host<T>, nowMs: number, latencyMs: number, outcome: CallOutcome): void {
    this.callNotMade(host);
    const { stats } = host;
    this.#factory.latency?.observe(stats, nowMs, latencyMs, outcome);
    if (this.#outlier?.report(host, outcome, nowMs)) this.#rebuild(nowMs);
  }

  /** Whether `tick` may change anything: if not, not before the next `update` or the end of a call. */
  get needsTicks(): boolean {
    return this.#ramping || this.#outlier?.needsTicks === true;
  }

  /** Ejects and readmits hosts, and moves slow starts on. */
  tick(nowMs: number): void {
    const moved = this.#outlier?.tick(nowMs) ?? false;
    if (moved || this.#ramping) this.#rebuild(nowMs);
  }

  isEjected(host: Host<T>): boolean {
    return this.#outlier?.isEjected(host) ?? false;
  }

  #rebuild(nowMs: number): void {
    const factor = this.#slowStartFactor(nowMs);
    this.#ramping = factor !== undefined;
    const isHealthy = (host: Host<T>) => host.healthy && !this.isEjected(host);
    const usable = usableHosts(this.#hosts, isHealthy, this.#panicThreshold);
    this.#picker = usable.length === 0 ? undefined : this.#factory.make(usable, factor);
  }

  #slowStartFactor(nowMs: number): Weigh<T> | undefined {
    const slowStart = this.#slowStart;
    if (!slowStart) return undefined;
    if (!this.#hosts.some(({ stats }) => nowMs < stats.readySinceMs + slowStart.windowMs)) return undefined;
    return ({ stats }) => slowStart.factor(stats.readySinceMs, nowMs);
  }
}

/** @throws BalancingError `BAD_OPTION` */
export function createBalancer<T = unknown>(options: BalancerOptions): Balancer<T> {
  return new Balancer<T>(options);
}
