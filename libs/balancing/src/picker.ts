import { mixHash } from './hash.ts';
import type { Host } from './host.ts';

/** A number from 0 (included) to 1 (excluded), such as `Math.random` gives. */
export type Random = () => number;

/** How a picker weighs a host: its own weight, times the slow-start factor where there is one. */
export type Weigh<T> = (host: Host<T>) => number;

/**
 * Chooses the host of the next call. Made for one immutable list of hosts, and replaced with it. A pick makes no
 * objects and never throws.
 */
export interface Picker<T = unknown> {
  /**
   * @param nowMs the caller's clock, monotonic
   * @param hash of what the call should stick to (see `hashText`), for ring hash; others ignore it
   * @returns undefined if there is no host
   */
  pick(nowMs: number, hash?: number): Host<T> | undefined;
}

/**
 * A host that has not been tried yet, for a retry or a hedge. Picks up to `attempts` times, as Envoy's
 * `host_selection_retry_max_attempts`; a tried host is better than none when no other turns up.
 */
export function pickExcept<T>(
  picker: Picker<T>,
  tried: readonly Host<T>[],
  nowMs: number,
  hash?: number,
  attempts = 5,
): Host<T> | undefined {
  let host: Host<T> | undefined;
  for (let attempt = 0; attempt < attempts; attempt++) {
    // The same hash would find the same host again: a retry walks a path over the ring that the hash alone decides.
    host = picker.pick(nowMs, hash === undefined || attempt === 0 ? hash : mixHash(hash, attempt));
    if (host === undefined || !isAmong(tried, host.key)) return host;
  }
  return host;
}

// By key, since an update may have replaced the host between two attempts.
function isAmong(hosts: readonly Host[], key: string): boolean {
  for (const host of hosts) if (host.key === key) return true;
  return false;
}
