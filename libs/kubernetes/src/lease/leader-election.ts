import { setTimeout as delay } from 'node:timers/promises';
import { ApiRefusal } from '../api/api-refusal.ts';
import type { KubernetesApi } from '../api/kubernetes-api.ts';
import type { ApiObject, ObjectRef } from '../resource-kind.ts';
import { leaseKind, recordOf, type LeaseRecord } from './lease-record.ts';

export interface LeaderElectionOptions {
  api: Pick<KubernetesApi, 'get' | 'create' | 'replace'>;
  /** The Lease that stands for what is done by one at a time. */
  lease: ObjectRef;
  /** Who this is; others have to have another one. */
  identity: string;
  /** For so long others take it for held after a renewal. */
  leaseMs?: number;
  /** Who could not renew it for so long stops to lead: before others begin. */
  renewDeadlineMs?: number;
  /** Between two attempts. */
  retryMs?: number;
  onLeading: () => void;
  /** No more, or not sure. */
  onLost: () => void;
  /** Said once, until the reason is another one. Attempts go on. */
  onError: (error: Error) => void;
  /** Monotonic, ms. */
  now?: () => number;
  /** Of the day, for people who read the Lease. */
  clock?: () => Date;
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * One of several processes leads, for as long as it renews a Lease; the times are those of Kubernetes' own controllers.
 * Clocks are not compared: a holder is taken for gone when its Lease has not changed for its duration by the own clock.
 */
export class LeaderElection {
  readonly #options: Required<LeaderElectionOptions>;
  readonly #stopped = new AbortController();
  readonly #ended: Promise<void>;
  #seen: { renewTime: string; holder: string; atMs: number } | undefined;
  #renewedMs = 0;
  #leading = false;
  #said: string | undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = {
      leaseMs: 15_000,
      renewDeadlineMs: 10_000,
      retryMs: 2000,
      now: () => performance.now(),
      clock: () => new Date(),
      wait: (ms, signal) => delay(ms, undefined, { signal, ref: false }).catch(() => undefined),
      ...options,
    };
    this.#ended = this.#run();
  }

  get leading(): boolean {
    return this.#leading;
  }

  /** Stops to lead, and lets others begin at once. Never throws: what cannot be given back runs out. */
  async release(): Promise<void> {
    this.#stopped.abort();
    await this.#ended;
    if (!this.#leading) return;
    this.#lose();
    try {
      await this.#write(await this.#read(), true);
    } catch (error) {
      this.#say(error as Error);
    }
  }

  async #run(): Promise<void> {
    const { wait, now, retryMs, renewDeadlineMs } = this.#options;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const startedMs = now();
      const attempt = this.#attempt().then(
        (held) => {
          this.#said = undefined;
          return held;
        },
        (error: Error) => {
          this.#say(error);
          return undefined;
        },
      );
      // An API server that does not answer must not keep a leader that others take for gone.
      const inTime = this.#leading
        ? wait(Math.max(0, this.#renewedMs + renewDeadlineMs - startedMs), signal).then(() => undefined)
        : attempt;
      const held = await Promise.race([attempt, inTime]);
      if (signal.aborted) break;
      if (held === true) this.#hold(startedMs);
      else if (held === false || now() - this.#renewedMs >= renewDeadlineMs) this.#lose();
      await attempt;
      await wait(retryMs, signal);
    }
  }

  /** @returns whether the Lease is ours now */
  async #attempt(): Promise<boolean> {
    const { identity, now } = this.#options;
    try {
      const object = await this.#read();
      if (object !== undefined) {
        const { holder, renewTime, durationMs } = recordOf(object);
        if (this.#seen?.renewTime !== renewTime || this.#seen.holder !== holder)
          this.#seen = { renewTime, holder, atMs: now() };
        const isHeld = holder !== '' && holder !== identity && now() < this.#seen.atMs + durationMs;
        if (isHeld) return false;
      }
      await this.#write(object, false);
      return true;
    } catch (error) {
      // Somebody else was quicker.
      if (error instanceof ApiRefusal && error.status === 409) return false;
      throw error;
    }
  }

  async #read(): Promise<ApiObject | undefined> {
    try {
      return await this.#options.api.get(leaseKind, this.#options.lease);
    } catch (error) {
      if (error instanceof ApiRefusal && error.status === 404) return undefined;
      throw error;
    }
  }

  async #write(object: ApiObject | undefined, release: boolean): Promise<void> {
    const { api, lease, identity, leaseMs, clock } = this.#options;
    const before = object && recordOf(object);
    if (release && before?.holder !== identity) return;
    const time = clock().toISOString().replace('Z', '000Z'); // MicroTime has six digits
    const spec = {
      holderIdentity: release ? '' : identity,
      leaseDurationSeconds: release ? 1 : Math.ceil(leaseMs / 1000),
      renewTime: time,
      ...acquired(before, identity, object, time),
    };
    const { name, namespace } = lease;
    const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
    const whole = { ...object, metadata: object?.metadata ?? metadata, spec };
    const typed = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', ...whole };
    await (object === undefined ? api.create(leaseKind, typed) : api.replace(leaseKind, typed));
  }

  #hold(atMs: number): void {
    this.#renewedMs = atMs;
    if (this.#leading) return;
    this.#leading = true;
    this.#options.onLeading();
  }

  #lose(): void {
    if (!this.#leading) return;
    this.#leading = false;
    this.#options.onLost();
  }

  #say(error: Error): void {
    if (this.#said !== error.message) this.#options.onError(error);
    this.#said = error.message;
  }
}

function acquired(
  before: LeaseRecord | undefined,
  identity: string,
  object: ApiObject | undefined,
  time: string,
): { acquireTime: unknown; leaseTransitions: number } {
  if (before === undefined) return { acquireTime: time, leaseTransitions: 0 };
  const { acquireTime } = (object?.spec ?? {}) as { acquireTime?: unknown };
  if (before.holder === identity) return { acquireTime, leaseTransitions: before.transitions };
  return { acquireTime: time, leaseTransitions: before.transitions + 1 };
}
