import type { GrpcCode, RetryableCode } from './grpc-code.ts';

/** How calls to a service are treated. */
export interface Policy {
  loadBalancing: LoadBalancing;
  /** With `ring-hash` and only then: the request header whose value keeps calls together. A route may name another. */
  hashHeader?: string;
  /** For a whole call, retries included, unless its route says otherwise. Absent = only the caller's own deadline. */
  timeoutMs?: number;
  /** Unless the route says otherwise. Absent = calls are not tried again. */
  retry?: Retry;
  /** Unless the route says otherwise; not together with `retry`. Absent = one attempt at a time. */
  hedge?: Hedge;
  circuitBreaker?: CircuitBreaker;
  outlierDetection?: OutlierDetection;
  zonePreference: ZonePreference;
  subsetting?: Subsetting;
  slowStart?: SlowStart;
  /**
   * When fewer endpoints than this are healthy, all get calls again: few healthy ones would break under the load of
   * all. 0 = never.
   */
  panicThresholdPercent: number;
  /** What endpoints get as `:scheme`. Absent = `keep`. */
  scheme?: UpstreamScheme;
}

/**
 * - `keep`: the client's, which says how the outermost proxy was called
 * - `match-upstream`: `https` with TLS towards the endpoint, `http` without; Kestrel (.NET) refuses any other
 */
export type UpstreamScheme = (typeof upstreamSchemes)[number];
export const upstreamSchemes = ['keep', 'match-upstream'] as const;

export type LoadBalancing = (typeof loadBalancings)[number];

/**
 * - `round-robin`: one after the other, each as often as its weight says
 * - `least-request`: the one with fewer calls under way, of two picked by chance (gRFC A48)
 * - `peak-ewma`: the one that answers faster, of two picked by chance
 * - `weighted-round-robin`: the same as `round-robin`
 * - `random`: any of them, as often as its weight says
 * - `ring-hash`: the same value of a header goes to the same endpoint (gRFC A42)
 */
export const loadBalancings = [
  'round-robin',
  'least-request',
  'peak-ewma',
  'weighted-round-robin',
  'random',
  'ring-hash',
] as const;

export type ZonePreference = (typeof zonePreferences)[number];

/**
 * - `none`: all zones alike
 * - `weighted`: an endpoint in the caller's zone counts 1000 times as much as one elsewhere
 * - `failover`: the caller's zone alone as long as it has healthy endpoints, then its region, then the rest
 * - `hints`: what the topology hints of Kubernetes say is for the caller's zone
 */
export const zonePreferences = ['none', 'weighted', 'failover', 'hints'] as const;

/** Trying a failed call again (gRFC A6, A44). Never once a response has begun. */
export interface Retry {
  /** Calls in all, the first one included: 2 to 5 (gRFC A6 caps at 5). Envoy's num_retries is one less. */
  attempts: number;
  /** Deadline of each attempt, which is tried again then, whatever is in `on`; absent = only the whole call's. gRPC clients know none. */
  perTryTimeoutMs?: number;
  /** At least one. */
  on: readonly RetryableCode[];
  /** The n-th wait is random between 0 and base × 2ⁿ⁻¹, at most max. */
  backoff: { baseMs: number; maxMs: number };
}

/** Sending a call to several endpoints without waiting for the first one to fail (gRFC A6, "hedging"); the first response counts. */
export interface Hedge {
  /** Of one call in all, the first one included: 2 to 5 (gRFC A6 caps at 5). */
  attempts: number;
  /** From one attempt to the next; 0 = all at once. */
  delayMs: number;
  /** Answers that do not end the call while there are other attempts: the next one is sent at once then. */
  nonFatal: readonly Exclude<GrpcCode, 'OK'>[];
}

/** What may be under way at a time to a whole service from one client or proxy; more is refused at once. */
export interface CircuitBreaker {
  /** The only one that gRPC clients know (gRFC A32). */
  maxRequests: number;
  /** Calls that wait for a connection. */
  maxPendingRequests: number;
  maxConnections: number;
  maxRetries: number;
}

/** Endpoints that fail more than others get no calls for a while (gRFC A50; Envoy's names). */
export interface OutlierDetection {
  /** Failed calls in a row; 0 = not looked at. gRPC clients do not know it. */
  consecutiveFailures: number;
  /** Answers that count as failed. Absent = those of `@evenly/balancing`. xDS has no word for it. */
  failureCodes?: readonly Exclude<GrpcCode, 'OK'>[];
  /** Time between two looks at success rates, and between two at who may come back. */
  intervalMs: number;
  /** The n-th ejection in a row lasts n times this, at most `maxEjectionTimeMs`. */
  baseEjectionTimeMs: number;
  maxEjectionTimeMs: number;
  /** Of all endpoints; one may always be ejected. */
  maxEjectionPercent: number;
  successRate?: SuccessRateEjection;
  failurePercentage?: FailurePercentageEjection;
}

/** Ejects whose success rate is below the mean by more than `stdevFactor` standard deviations. */
export interface SuccessRateEjection {
  stdevFactor: number;
  /** Share of the detected that are really ejected. */
  enforcementPercent: number;
  /** Only with so many endpoints that have enough calls. */
  minimumHosts: number;
  /** Calls in an interval that are enough. */
  requestVolume: number;
}

/** Ejects who fails more than `thresholdPercent` of the calls. */
export interface FailurePercentageEjection {
  thresholdPercent: number;
  enforcementPercent: number;
  minimumHosts: number;
  requestVolume: number;
}

/** Each client gets only some of many endpoints (gRFC A68), so that connections do not grow as clients × endpoints. */
export interface Subsetting {
  /** Endpoints a client gets, at least 1. */
  size: number;
}

/** A new endpoint gets its full share of calls only after a while: caches and JITs need to warm. */
export interface SlowStart {
  windowMs: number;
  /** How the share rises: 1 = evenly, more = faster at first. */
  aggression: number;
  /** The share at the beginning. */
  minWeightPercent: number;
}
