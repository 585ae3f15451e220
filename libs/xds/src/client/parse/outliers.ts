import { ranges, type OutlierDetection, type SuccessRateEjection } from '@evenly/mesh-config';
import type { OutlierDetection as XdsOutlierDetection } from '@evenly/proto/envoy/config/cluster/v3/outlier_detection';
import type { Warn } from '../refusal.ts';
import { checked, clamped, noLimit, waitMs } from './numbers.ts';

/** Absent numbers are Envoy's defaults. @throws Refusal for what Envoy and gRPC (gRFC A50) refuse too */
export function outliersOf(detection: XdsOutlierDetection, warn: Warn): OutlierDetection {
  const percent = (field: string, value: number) => checked(field, value, ranges.percent);
  const { consecutive5xx = 5 } = detection;
  const enforcingConsecutive5xx = percent(
    'outlier_detection.enforcing_consecutive_5xx',
    detection.enforcingConsecutive5xx ?? 100,
  );
  const baseEjectionTimeMs =
    waitMs('outlier_detection.base_ejection_time', detection.baseEjectionTime, warn) ?? 30_000;
  const maxEjectionTimeMs =
    waitMs('outlier_detection.max_ejection_time', detection.maxEjectionTime, warn) ?? 300_000;
  const successRate = successRateOf(detection, warn);
  const failurePercentage = failurePercentageOf(detection, warn);
  return {
    consecutiveFailures:
      enforcingConsecutive5xx === 0 || consecutive5xx === noLimit
        ? 0
        : clamped('outlier_detection.consecutive_5xx', consecutive5xx, ranges.consecutiveFailures, warn),
    intervalMs: waitMs('outlier_detection.interval', detection.interval, warn) ?? 10_000,
    baseEjectionTimeMs,
    maxEjectionTimeMs: Math.max(baseEjectionTimeMs, maxEjectionTimeMs),
    maxEjectionPercent: percent('outlier_detection.max_ejection_percent', detection.maxEjectionPercent ?? 10),
    ...(successRate === undefined ? {} : { successRate }),
    ...(failurePercentage === undefined ? {} : { failurePercentage }),
  };
}

function successRateOf(detection: XdsOutlierDetection, warn: Warn): SuccessRateEjection | undefined {
  const field = 'outlier_detection.success_rate';
  const { enforcingSuccessRate = 100, successRateStdevFactor = 1900 } = detection;
  checked('outlier_detection.enforcing_success_rate', enforcingSuccessRate, ranges.percent);
  const hosts = enoughOf(
    field,
    detection.successRateMinimumHosts ?? 5,
    detection.successRateRequestVolume ?? 100,
    warn,
  );
  if (enforcingSuccessRate === 0 || successRateStdevFactor === noLimit || hosts === undefined)
    return undefined;
  const stdevFactor = successRateStdevFactor / 1000;
  return {
    stdevFactor: clamped(`${field}_stdev_factor / 1000`, stdevFactor, ranges.stdevFactor, warn),
    enforcementPercent: enforcingSuccessRate,
    ...hosts,
  };
}

function failurePercentageOf(detection: XdsOutlierDetection, warn: Warn) {
  const field = 'outlier_detection.failure_percentage';
  const { enforcingFailurePercentage = 0, failurePercentageThreshold = 85 } = detection;
  checked('outlier_detection.enforcing_failure_percentage', enforcingFailurePercentage, ranges.percent);
  checked(`${field}_threshold`, failurePercentageThreshold, ranges.percent);
  const hosts = enoughOf(
    field,
    detection.failurePercentageMinimumHosts ?? 5,
    detection.failurePercentageRequestVolume ?? 50,
    warn,
  );
  if (enforcingFailurePercentage === 0 || hosts === undefined) return undefined;
  return {
    thresholdPercent: failurePercentageThreshold,
    enforcementPercent: enforcingFailurePercentage,
    ...hosts,
  };
}

/** @returns undefined where there can never be enough hosts or calls, so nobody would be ejected */
function enoughOf(field: string, minimumHosts: number, requestVolume: number, warn: Warn) {
  if (minimumHosts === noLimit || requestVolume === noLimit) return undefined;
  return {
    minimumHosts: clamped(`${field}_minimum_hosts`, minimumHosts, ranges.minimumHosts, warn),
    requestVolume: clamped(`${field}_request_volume`, requestVolume, ranges.requestVolume, warn),
  };
}
