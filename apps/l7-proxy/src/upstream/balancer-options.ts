import {
  defaultOutcomes,
  OutcomeTable,
  type BalancerOptions,
  type CircuitBreakerOptions,
  type OutlierOptions,
  type BalancingPolicy,
} from '@evenly/balancing';
import { grpcCodes, type OutlierDetection, type Policy } from '@evenly/mesh-config';

/**
 * Without a circuit breaker in the config there still is a limit on what may be under way. Retries get a budget instead
 * of a number: 20 % of the calls under way, at least 3.
 */
const defaultMaxRequests = 100_000;
const defaultMaxPending = 10_000;
/** Beyond the first one of each endpoint. */
const defaultMoreConnections = 1024;

/** From the words of the mesh config to those of `@evenly/balancing`. */
export function balancerOptions(policy: Policy, random: () => number): BalancerOptions {
  const { outlierDetection, slowStart, panicThresholdPercent } = policy;
  return {
    policy: balancingPolicy(policy),
    random,
    panicThreshold: panicThresholdPercent / 100,
    ...(outlierDetection === undefined ? {} : { outlier: outlierOptions(outlierDetection) }),
    ...(slowStart === undefined
      ? {}
      : {
          slowStart: {
            windowMs: slowStart.windowMs,
            aggression: slowStart.aggression,
            minFactor: Math.max(0.01, slowStart.minWeightPercent / 100),
          },
        }),
  };
}

/** Round robin goes by weights, as Envoy's does: the endpoints' own, and what a zone preference or xDS makes of them. */
function balancingPolicy({ loadBalancing }: Policy): BalancingPolicy {
  return { name: loadBalancing === 'round-robin' ? 'weighted-round-robin' : loadBalancing };
}

function outlierOptions(detection: OutlierDetection): OutlierOptions {
  const { consecutiveFailures, intervalMs, baseEjectionTimeMs, maxEjectionTimeMs } = detection;
  const { maxEjectionPercent, successRate, failurePercentage } = detection;
  return {
    consecutiveFailures: Math.min(consecutiveFailures, 10_000),
    intervalMs,
    baseEjectionMs: baseEjectionTimeMs,
    maxEjectionMs: maxEjectionTimeMs,
    maxEjectionPercent,
    alwaysEjectOne: true,
    successRate:
      successRate === undefined
        ? false
        : {
            stdevFactor: successRate.stdevFactor,
            minHosts: Math.max(2, successRate.minimumHosts),
            minCalls: successRate.requestVolume,
            enforcementPercent: successRate.enforcementPercent,
          },
    failurePercentage:
      failurePercentage === undefined
        ? false
        : {
            threshold: failurePercentage.thresholdPercent,
            minHosts: failurePercentage.minimumHosts,
            minCalls: failurePercentage.requestVolume,
            enforcementPercent: failurePercentage.enforcementPercent,
          },
  };
}

/** Which answers are an endpoint's fault. */
export function outcomeTable({ outlierDetection }: Policy): OutcomeTable {
  const codes = outlierDetection?.failureCodes;
  return codes === undefined
    ? defaultOutcomes
    : new OutcomeTable(codes.map((code) => grpcCodes.indexOf(code)));
}

export function breakerOptions({ circuitBreaker }: Policy): CircuitBreakerOptions {
  return {
    maxRequests: circuitBreaker?.maxRequests ?? defaultMaxRequests,
    maxPending: circuitBreaker?.maxPendingRequests ?? defaultMaxPending,
    ...(circuitBreaker === undefined ? {} : { maxRetries: circuitBreaker.maxRetries }),
  };
}

/** To all endpoints of a service. The first one of each is opened in any case. */
export function maxConnections({ circuitBreaker }: Policy, endpoints: number): number {
  return circuitBreaker?.maxConnections ?? endpoints + defaultMoreConnections;
}
