import type { HostSpec } from '../host.ts';
import { maxWeight } from '../limits.ts';
import type { EligibleEndpoint } from './eligible-endpoints.ts';

/** An eligible endpoint, and whether this caller reaches it. */
export interface ReachedEndpoint<T> {
  /** Tells it, or one of several connections to it, apart. */
  key: string;
  eligible: EligibleEndpoint;
  /** `failed`: it could not be reached when that was tried last. */
  connection: 'usable' | 'connecting' | 'failed';
  /** What the caller needs to make the call. */
  target: T;
}

/**
 * What a balancer is told of the endpoints of one service. Who cannot be reached has weight 0, which is "no calls" but no
 * word about health: a connection that is being replaced must not set off a panic, nor may a panic lead calls where nobody
 * is. Who has failed is unhealthy as well, for slow start begins anew when it is back.
 * @returns undefined while nobody can be reached: there is nothing to choose from
 */
export function hostSpecs<T>(all: readonly ReachedEndpoint<T>[]): HostSpec<T>[] | undefined {
  const heaviest = all.reduce(
    (most, { connection, eligible }) => (connection === 'usable' ? Math.max(most, eligible.weight) : most),
    0,
  );
  if (heaviest === 0) return undefined;
  // Into the range of a balancer; only their relation counts.
  const scale = Math.min(1, maxWeight / heaviest);
  return all.map(({ key, target, connection, eligible: { weight, priority } }) => ({
    key,
    target,
    weight: connection === 'usable' ? weight * scale : 0,
    healthy: connection !== 'failed',
    priority,
  }));
}
