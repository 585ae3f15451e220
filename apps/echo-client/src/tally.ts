import { status } from '@grpc/grpc-js';
import { coefficientOfVariation, jainIndex } from '@evenly/balancing';
import { build, type Histogram } from 'hdr-histogram-js';
import type { CallResult } from './caller.ts';

/** Pods that get a row of their own; whatever more there are share one. */
const maxPods = 1000;
export const otherPods = '(other pods)';
/** Addresses that have had a call; more are not remembered. */
const maxPeers = 10_000;
/** Calls that failed before they reached anybody. */
export const noPod = '(no pod)';

/** An hour, in µs: no deadline that makes sense is longer. */
const maxLatencyUs = 3_600_000_000;

export interface PodRow {
  pod: string;
  calls: number;
  /** Of all calls, 0 to 1. */
  share: number;
  errors: number;
  p50Ms: number;
  p99Ms: number;
}

interface Entry {
  calls: number;
  errors: number;
  latencyUs: Histogram;
}

export interface Fairness {
  jain: number;
  coefficientOfVariation: number;
  /** Endpoints that are known and have had no call: they count with 0. */
  uncalled: number;
}

/** Who got how many calls, how long they took, and what failed. */
export class Tally {
  readonly #endpoints: () => readonly (readonly string[])[];
  readonly #peers = new Set<string>();
  readonly #pods = new Map<string, Entry>();
  readonly #all: Entry = newEntry();
  readonly #codes = new Map<string, number>();
  #skipped = 0;

  /** @param endpoints the addresses of each that is known now; default: only those that answer are */
  constructor(endpoints: () => readonly (readonly string[])[] = () => []) {
    this.#endpoints = endpoints;
  }

  /** An empty one of the same endpoints. */
  anew(): Tally {
    return new Tally(this.#endpoints);
  }

  add({ pod = noPod, peer, code, latencyMs }: Omit<CallResult, 'message'>): void {
    if (peer !== undefined && this.#peers.size < maxPeers) this.#peers.add(peer);
    const latencyUs = Math.min(Math.max(Math.round(latencyMs * 1000), 1), maxLatencyUs);
    for (const entry of [this.#entryOf(pod), this.#all]) {
      entry.calls++;
      if (code !== status.OK) entry.errors++;
      entry.latencyUs.recordValue(latencyUs);
    }
    if (code !== status.OK) this.#codes.set(status[code], (this.#codes.get(status[code]) ?? 0) + 1);
  }

  skip(): void {
    this.#skipped++;
  }

  /** Calls that were due and not made. */
  get skipped(): number {
    return this.#skipped;
  }

  /** All calls together. */
  get total(): PodRow {
    return this.#row('all', this.#all);
  }

  /** By name. */
  get pods(): PodRow[] {
    const byName = new Intl.Collator('en', { numeric: true });
    return [...this.#pods]
      .map(([pod, entry]) => this.#row(pod, entry))
      .sort((a, b) => byName.compare(a.pod, b.pod));
  }

  /** How many calls failed with which code. */
  get errorCodes(): Record<string, number> {
    return Object.fromEntries(this.#codes);
  }

  /** How evenly the calls were spread over pods and endpoints that are known; undefined when none was reached. */
  get fairness(): Fairness | undefined {
    const uncalled = this.#endpoints().filter(
      (each) => !each.some((address) => this.#peers.has(address)),
    ).length;
    const called = [...this.#pods].filter(([pod]) => pod !== noPod).map(([, { calls }]) => calls);
    const counts = [...called, ...Array<number>(uncalled).fill(0)];
    const jain = jainIndex(counts);
    if (jain === undefined) return undefined;
    return { jain, coefficientOfVariation: coefficientOfVariation(counts), uncalled };
  }

  #entryOf(pod: string): Entry {
    const name = this.#pods.has(pod) || this.#pods.size < maxPods ? pod : otherPods;
    let entry = this.#pods.get(name);
    if (entry === undefined) this.#pods.set(name, (entry = newEntry()));
    return entry;
  }

  #row(pod: string, { calls, errors, latencyUs }: Entry): PodRow {
    const percentileMs = (percent: number) =>
      calls === 0 ? 0 : latencyUs.getValueAtPercentile(percent) / 1000;
    const share = this.#all.calls === 0 ? 0 : calls / this.#all.calls;
    return { pod, calls, share, errors, p50Ms: percentileMs(50), p99Ms: percentileMs(99) };
  }
}

function newEntry(): Entry {
  // Two digits (an error of 1 %): some kB a pod.
  const latencyUs = build({ highestTrackableValue: maxLatencyUs, numberOfSignificantValueDigits: 2 });
  return { calls: 0, errors: 0, latencyUs };
}
