import { BalancingError } from './errors.ts';
import { maxHosts, maxPriority, maxWeight } from './limits.ts';

/** What the caller knows of an endpoint. */
export interface HostSpec<T = unknown> {
  /** Tells hosts apart and finds their statistics again after an update, such as `10.0.0.1:50051`. */
  key: string;
  /** 0 to 65535, default 1. A host with weight 0 gets no calls. */
  weight?: number | undefined;
  /** 0 to 127, default 0. The lower number is used first. */
  priority?: number | undefined;
  /** What health checks say; default true. */
  healthy?: boolean | undefined;
  /** What the caller needs to make the call (a connection, a subchannel), handed back with the pick. */
  target?: T | undefined;
}

/** An endpoint as the pickers see it. Immutable: an update makes new hosts, which share the `stats` of the old ones. */
export interface Host<T = unknown> {
  readonly key: string;
  readonly weight: number;
  readonly priority: number;
  readonly healthy: boolean;
  readonly target: T | undefined;
  readonly stats: HostStats;
}

/** What happened on a host: the only mutable part, kept by key for as long as the host is in the list. */
export class HostStats {
  /** Calls started and not ended. */
  active = 0;
  /** When the host last became able to take calls: new, healthy again, or back from ejection. */
  readySinceMs: number;

  /** Peak-sensitive moving average of the latency; valid when `samples` > 0. */
  ewmaMs = 0;
  ewmaAtMs: number;
  samples = 0;

  /** Outlier detection: calls that ended since the last sweep. */
  successes = 0;
  failures = 0;
  consecutiveFailures = 0;
  /** -1 while not ejected. */
  ejectedUntilMs = -1;
  /** How often ejected lately: each time takes longer, each quiet interval takes one off. */
  ejections = 0;

  constructor(nowMs: number) {
    this.readySinceMs = nowMs;
    this.ewmaAtMs = nowMs;
  }
}

/** Turns lists of endpoints into hosts, and keeps the statistics of those that stay. */
export class HostTable<T = unknown> {
  #hosts = new Map<string, Host<T>>();

  find(key: string): Host<T> | undefined {
    return this.#hosts.get(key);
  }

  /**
   * The hosts of the new list, in its order. Statistics of keys that left are dropped; calls that still run on them
   * report to the old host.
   *
   * @throws BalancingError `BAD_HOST`, `DUPLICATE_HOST`, `TOO_MANY`, `ZERO_WEIGHTS`; the table is as before then
   */
  update(specs: readonly HostSpec<T>[], nowMs: number): readonly Host<T>[] {
    if (specs.length > maxHosts) {
      throw new BalancingError('TOO_MANY', `${specs.length} hosts; at most ${maxHosts} are allowed`);
    }
    specs.forEach(checkSpec);
    if (specs.length > 0 && specs.every(({ weight }) => weight === 0)) {
      throw new BalancingError('ZERO_WEIGHTS', 'the weights of all hosts sum to 0');
    }
    const next = new Map<string, Host<T>>();
    for (const spec of specs) {
      if (next.has(spec.key)) throw new BalancingError('DUPLICATE_HOST', `host ${spec.key} is listed twice`);
      next.set(spec.key, toHost(spec, this.#hosts.get(spec.key)?.stats ?? new HostStats(nowMs)));
    }
    for (const host of next.values()) {
      // Back from the dead: its caches are cold, so slow start begins anew.
      if (host.healthy && this.#hosts.get(host.key)?.healthy === false) host.stats.readySinceMs = nowMs;
    }
    this.#hosts = next;
    return Object.freeze([...next.values()]);
  }
}

function toHost<T>(spec: HostSpec<T>, stats: HostStats): Host<T> {
  const { key, weight = 1, priority = 0, healthy = true, target } = spec;
  return { key, weight, priority, healthy, target, stats };
}

function checkSpec({ key, weight = 1, priority = 0 }: HostSpec): void {
  if (typeof key !== 'string' || key === '') {
    throw new BalancingError('BAD_HOST', 'a host needs a key that is not empty');
  }
  if (!(weight >= 0 && weight <= maxWeight)) {
    throw new BalancingError(
      'BAD_HOST',
      `${key}: weight must be a number from 0 to ${maxWeight}, not ${weight}`,
    );
  }
  if (!(Number.isInteger(priority) && priority >= 0 && priority <= maxPriority)) {
    throw new BalancingError(
      'BAD_HOST',
      `${key}: priority must be a whole number from 0 to ${maxPriority}, not ${priority}`,
    );
  }
}
