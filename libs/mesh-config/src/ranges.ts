/** The least and the most that a number may be. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/**
 * What the numbers of a config may be, whoever says them: files (`file-format/`) or xDS resources. All that is built of a
 * config takes whatever is inside.
 */
export const ranges = {
  durationMs: { min: 1, max: 24 * 3_600_000 },
  /** Seconds on the wire; the most is what the Gateway API can say in one unit. */
  sessionTimeoutMs: { min: 1000, max: 99_999 * 3_600_000 },
  percent: { min: 0, max: 100 },
  /** Of what may be under way at a time; 0 = nothing. The most is more than one process can have. */
  circuitBreaker: { min: 0, max: 1_000_000 },
  attempts: { min: 2, max: 5 },
  consecutiveFailures: { min: 0, max: 1_000_000 },
  stdevFactor: { min: 0.1, max: 10 },
  minimumHosts: { min: 1, max: 10_000 },
  requestVolume: { min: 1, max: 1_000_000 },
  aggression: { min: 0.1, max: 10 },
} as const satisfies Record<string, Range>;
