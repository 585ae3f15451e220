import { jainIndex } from '@evenly/balancing';
import type { Call } from '../calls.ts';

/** The window over which shares are looked at. */
export const windowMs = 1500;
/** Shares count as even from here: chance alone makes some difference between pods that get some 30 calls each. */
export const evenFrom = 0.93;
const evennessStepMs = 250;

/** The calls of one client, in the order of their ends. */
export class CallLog {
  readonly #calls: Call[] = [];

  add(call: Call): void {
    // The clock of the machine may be set back.
    const lastMs = this.#calls.at(-1)?.atMs ?? 0;
    this.#calls.push(call.atMs < lastMs ? { ...call, atMs: lastMs } : call);
  }

  get all(): readonly Call[] {
    return this.#calls;
  }

  between(fromMs: number, toMs: number): Call[] {
    return this.#calls.slice(this.#firstAt(fromMs), this.#firstAt(toMs));
  }

  /** Failed calls; undefined when there was no call at all, of which none can be lost. */
  lost(fromMs: number, toMs: number): number | undefined {
    const calls = this.between(fromMs, toMs);
    return calls.length === 0 ? undefined : calls.filter(({ code }) => code !== 'OK').length;
  }

  /** Of calls that succeeded: one that is refused at once is not quick. */
  latencies(fromMs: number, toMs: number): number[] {
    return this.between(fromMs, toMs).flatMap(({ code, latencyMs }) => (code === 'OK' ? latencyMs : []));
  }

  /** How many calls each of these pods answered. */
  counts(pods: readonly string[], fromMs: number, toMs: number): number[] {
    const counts = new Map(pods.map((pod) => [pod, 0]));
    for (const { pod, code } of this.between(fromMs, toMs)) {
      const count = pod === undefined || code !== 'OK' ? undefined : counts.get(pod);
      if (count !== undefined) counts.set(pod!, count + 1);
    }
    return [...counts.values()];
  }

  /** When this pod answered first. */
  firstResponseOf(pod: string): number | undefined {
    return this.#calls.find((call) => call.pod === pod && call.code === 'OK')?.atMs;
  }

  /** The first moment from which on, for the length of a window, these pods had even shares; undefined if not yet. */
  evenSince(pods: readonly string[], fromMs: number): number | undefined {
    const last = this.#calls.at(-1)?.atMs ?? 0;
    for (let startMs = fromMs; startMs + windowMs <= last; startMs += 100) {
      if (this.#evenness(pods, startMs) >= evenFrom) return startMs;
    }
    return undefined;
  }

  /** Jain's index over these pods, window by window; `s` is the begin of the window, in seconds since `fromMs`. */
  evenness(pods: readonly string[], fromMs: number, toMs: number): { s: number; jain: number }[] {
    const steps = Math.max(0, Math.floor((toMs - fromMs - windowMs) / evennessStepMs) + 1);
    return Array.from({ length: steps }, (_, i) => {
      const startMs = fromMs + i * evennessStepMs;
      return {
        s: (i * evennessStepMs) / 1000,
        jain: Math.round(this.#evenness(pods, startMs) * 1000) / 1000,
      };
    });
  }

  /** Of one window. Without any call it is not even. */
  #evenness(pods: readonly string[], startMs: number): number {
    return jainIndex(this.counts(pods, startMs, startMs + windowMs)) ?? 0;
  }

  /** The index of the first call that ended then or later: windows are looked at many times a second. */
  #firstAt(ms: number): number {
    let [low, high] = [0, this.#calls.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#calls[middle]!.atMs < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
