import type { Endpoint } from '@evenly/endpoints';

/**
 * What one health check said.
 * - `not-serving`: the endpoint answered that it does not serve, or that it knows of no health.
 * - `no-answer`: refused, reset or out of reach; it may be the network's fault or ours.
 * - `slow`: its machine takes connections, but no answer came in time; or it said that it has too much to do.
 */
export type HealthVerdict =
  { kind: 'serving' } | { kind: 'not-serving' | 'no-answer' | 'slow'; reason: string };

/** Asks endpoints how they are. */
export interface HealthChecker {
  /** Never rejects. */
  check(endpoint: Endpoint): Promise<HealthVerdict>;
  /** Lets go of what is kept for endpoints other than these. */
  retain(endpoints: readonly Endpoint[]): void;
  close(): void;
}
