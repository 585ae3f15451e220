import fc from 'fast-check';
import { retryableCodes } from '../grpc-code.ts';
import {
  loadBalancings,
  upstreamSchemes,
  zonePreferences,
  type CircuitBreaker,
  type Hedge,
  type OutlierDetection,
  type Policy,
  type Retry,
} from '../policy.ts';
import { failureCode, header, maybe, ms, percent } from './arbitrary-values.ts';

/** Any policy, and what a route may say instead of it. */

/** Two durations, the lesser first. */
const rising = fc.tuple(ms(), ms()).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

const retry: fc.Arbitrary<Retry> = fc.record(
  {
    attempts: fc.integer({ min: 2, max: 5 }),
    perTryTimeoutMs: ms(),
    on: fc.array(fc.constantFrom(...retryableCodes), { minLength: 1, maxLength: 5 }),
    backoff: rising.map(([baseMs, maxMs]) => ({ baseMs, maxMs })),
  },
  { requiredKeys: ['attempts', 'on', 'backoff'] },
);

const hedge: fc.Arbitrary<Hedge> = fc.record({
  attempts: fc.integer({ min: 2, max: 5 }),
  delayMs: ms(0),
  nonFatal: fc.array(failureCode, { maxLength: 5 }),
});

/** At most one of the two. */
export const again = fc.oneof(fc.constant({}), fc.record({ retry }), fc.record({ hedge }));

const count = fc.integer({ min: 1, max: 1_000_000 });
const circuitBreaker: fc.Arbitrary<CircuitBreaker> = fc.record({
  maxRequests: count,
  maxPendingRequests: count,
  maxConnections: count,
  maxRetries: count,
});
const hosts = {
  enforcementPercent: percent,
  minimumHosts: fc.integer({ min: 1, max: 10_000 }),
  requestVolume: count,
};
const factor = fc.double({ min: 0.1, max: 10, noNaN: true });
const outlierDetection: fc.Arbitrary<OutlierDetection> = fc
  .tuple(
    rising,
    fc.record(
      {
        consecutiveFailures: fc.nat(1_000_000),
        failureCodes: fc.uniqueArray(failureCode, { minLength: 1 }),
        intervalMs: ms(),
        maxEjectionPercent: percent,
        successRate: fc.record({ stdevFactor: factor, ...hosts }),
        failurePercentage: fc.record({ thresholdPercent: percent, ...hosts }),
      },
      { requiredKeys: ['consecutiveFailures', 'intervalMs', 'maxEjectionPercent'] },
    ),
  )
  .map(([[baseEjectionTimeMs, maxEjectionTimeMs], rest]) => ({
    ...rest,
    baseEjectionTimeMs,
    maxEjectionTimeMs,
  }));

export const policy: fc.Arbitrary<Policy> = fc
  .tuple(
    fc.record(
      {
        timeoutMs: ms(),
        circuitBreaker,
        outlierDetection,
        subsetting: fc.record({ size: fc.integer({ min: 1, max: 10_000 }) }),
        slowStart: fc.record({ windowMs: ms(), aggression: factor, minWeightPercent: percent }),
        scheme: fc.constantFrom(...upstreamSchemes),
      },
      maybe,
    ),
    fc.record({
      loadBalancing: fc.constantFrom(...loadBalancings),
      zonePreference: fc.constantFrom(...zonePreferences),
      panicThresholdPercent: percent,
    }),
    header,
    again,
  )
  .map(([some, all, hashHeader, attempts]) => ({
    ...some,
    ...attempts,
    ...all,
    ...(all.loadBalancing === 'ring-hash' ? { hashHeader } : {}),
  }));
