import type { Code, EndpointName } from './endpoints.ts';

/** A service and its route, as far as the end of calls goes: fields and values as `docs/mesh-config.md` has them. */
export interface Service {
  endpoints: readonly EndpointName[];
  policy?: Policy;
  /** Of a route to the service, if it has one of its own. */
  route?: { timeout?: Duration; retry?: Retry; fault?: Fault };
}

export interface Policy {
  timeout?: Duration;
  retry?: Retry;
  outlierDetection?: OutlierDetection;
  panicThresholdPercent?: number;
  circuitBreaker?: CircuitBreaker;
}

export interface Retry {
  attempts: number;
  on?: readonly Code[];
  perTryTimeout?: Duration;
  backoff?: { base: Duration; max: Duration };
}

export interface OutlierDetection {
  consecutiveFailures?: number;
  failureCodes?: readonly Code[];
  interval?: Duration;
  baseEjectionTime?: Duration;
  maxEjectionTime?: Duration;
  maxEjectionPercent?: number;
  successRate?: { stdevFactor: number; minimumHosts: number; requestVolume: number };
  failurePercentage?: { thresholdPercent: number; minimumHosts: number; requestVolume: number };
}

export interface CircuitBreaker {
  maxRequests?: number;
  maxRetries?: number;
}

export interface Fault {
  delay?: { duration: Duration; percent?: number };
  abort?: { code: Code; percent?: number };
}

export type Duration = `${number}${'ms' | 's' | 'm' | 'h'}`;

const unitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Infinity where there is none. */
export function msOf(duration: Duration | undefined): number {
  if (duration === undefined) return Infinity;
  const [, number, unit] = /^(\d+)(ms|s|m|h)$/.exec(duration)!;
  return Number(number) * unitsMs[unit as keyof typeof unitsMs];
}
