export { Balancer, createBalancer, type BalancerOptions } from './balancer.ts';
export { defaultFailureStatuses, defaultOutcomes, OutcomeTable, type CallOutcome } from './call-outcome.ts';
export { CircuitBreaker, type BreakerKind, type CircuitBreakerOptions } from './circuit-breaker.ts';
export {
  eligibleEndpoints,
  type EligibilityPolicy,
  type EligibleEndpoint,
} from './eligible/eligible-endpoints.ts';
export { hostSpecs, type ReachedEndpoint } from './eligible/host-specs.ts';
export { anyViewer, type Viewer } from './eligible/viewer.ts';
export type { Place, ZonePreference } from './eligible/zone-preference.ts';
export { BalancingError, type BalancingErrorCode } from './errors.ts';
export { coefficientOfVariation, jainIndex, maxMinRatio } from './fairness.ts';
export { hashRange, hashText, mixHash } from './hash.ts';
export { HostStats, HostTable, type Host, type HostSpec } from './host.ts';
export { LatencyModel, type LatencyOptions } from './latency.ts';
export { LeastRequest } from './least-request.ts';
export { maxDurationMs, maxHosts, maxPriority, maxWeight } from './limits.ts';
export type { FailurePercentageOptions, SuccessRateOptions } from './outlier-rules.ts';
export { OutlierDetector, type OutlierOptions } from './outlier.ts';
export { defaultPanicThreshold, isInPanic } from './panic.ts';
export { PeakEwma } from './peak-ewma.ts';
export { pickExcept, type Picker, type Random, type Weigh } from './picker.ts';
export { policyTraits, type BalancingPolicy, type BalancingPolicyName, type PolicyTraits } from './policy.ts';
export { RetryBudget, type RetryBudgetOptions } from './retry-budget.ts';
export { RingHash, type RingHashOptions } from './ring-hash.ts';
export { RoundRobin } from './round-robin.ts';
export { SlowStart, type SlowStartOptions } from './slow-start.ts';
export type { ChoicesOptions } from './two-choices.ts';
export { WeightedRoundRobin } from './weighted-round-robin.ts';
