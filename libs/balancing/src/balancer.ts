import { BalancingError } from './errors.ts';
import { groupHosts, type GroupOptions } from './groups.ts';
import { hashRange, mixHash } from './hash.ts';
import { HostTable, type Host, type HostSpec } from './host.ts';
import { checkNumber } from './limits.ts';
import { OutlierDetector, type OutlierOptions } from './outlier.ts';
import { checkPanicThreshold, defaultPanicThreshold } from './panic.ts';
import type { CallOutcome } from './call-outcome.ts';
import type { Picker, Random, Weigh } from './picker.ts';
import { pickerFactory, type PickerFactory, type BalancingPolicy } from './policy.ts';
import { defaultOverprovisioning } from './priorities.ts';
import { SlowStart, type SlowStartOptions } from './slow-start.ts';
import type { ZoneOptions } from './zones.ts';

export interface BalancerOptions {
  policy: BalancingPolicy;
  random: Random;
  /** Prefer the hosts of the own zone; default: zones do not matter. */
  zone?: ZoneOptions;
  /** Below this healthy share health is ignored: 0 (never) to 1, default 0.5. */
  panicThreshold?: number;
  /** Spare capacity that a zone or priority is believed to have: 1 to 10, default 1.4. */
  overprovisioning?: number;
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
  readonly #random: Random;
  readonly #groupOptions: GroupOptions;
  readonly #factory: PickerFactory<T>;
  readonly #outlier: OutlierDetector<T> | undefined;
  readonly #slowStart: SlowStart | undefined;
  readonly #table = new HostTable<T>();
  #hosts: readonly Host<T>[] = [];
  #pickers: { upTo: number; picker: Picker<T> }[] = [];
  /** Some host is in slow start, so weights change with time. */
  #ramping = false;

  /** @throws BalancingError `BAD_OPTION` */
  constructor(options: BalancerOptions) {
    const { policy, random, zone, outlier, slowStart } = options;
    this.#random = random;
    this.#factory = pickerFactory(policy, random);
    this.#outlier = outlier && new OutlierDetector(outlier, random);
    this.#slowStart = slowStart && new SlowStart(slowStart);
    if (zone?.callersShare !== undefined) checkNumber('zone.callersShare', zone.callersShare, 0.000_001, 1);
    this.#groupOptions = {
      zone,
      panicThreshold: checkPanicThreshold(options.panicThreshold ?? defaultPanicThreshold),
      overprovisioning: checkNumber(
        'overprovisioning',
        options.overprovisioning ?? defaultOverprovisioning,
        1,
        10,
      ),
    };
  }

  /** Whether its choice needs to be told when calls start and end; outlier detection needs that in any case. */
  get learnsFromCalls(): boolean {
    return this.#factory.learnsFromCalls;
  }

  /** All hosts with their statistics, the unhealthy ones too. */
  get hosts(): readonly Host<T>[] {
    return this.#hosts;
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
    const pickers = this.#pickers;
    if (pickers.length < 2) return pickers[0]?.picker.pick(nowMs, hash);
    // A call that sticks to a host must stick to its group as well.
    const place = this.#factory.sticky && hash !== undefined ? mixHash(hash, -1) / hashRange : this.#random();
    let index = 0;
    while (index < pickers.length - 1 && place >= pickers[index]!.upTo) index++;
    return pickers[index]!.picker.pick(nowMs, hash);
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
    let upTo = 0;
    this.#pickers = groupHosts(this.#hosts, isHealthy, this.#groupOptions).map(({ share, hosts }) => {
      upTo += share;
      return { upTo, picker: this.#factory.make(hosts, factor) };
    });
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
