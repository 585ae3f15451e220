import type { Endpoint } from '@evenly/endpoints';

/** What one health check said. `no-answer`: refused, reset or too late; it may be the network's fault or ours. */
export type HealthVerdict =
  { kind: 'serving' } | { kind: 'not-serving'; reason: string } | { kind: 'no-answer'; reason: string };

/** Asks endpoints how they are. */
export interface HealthChecker {
  /** Never rejects. */
  check(endpoint: Endpoint): Promise<HealthVerdict>;
  /** Lets go of what is kept for endpoints other than these. */
  retain(endpoints: readonly Endpoint[]): void;
  close(): void;
}
