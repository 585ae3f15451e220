import type { OutlierDetection as MeshOutlierDetection, Policy } from '@evenly/mesh-config';
import { OutlierDetection } from '@evenly/proto/envoy/config/cluster/v3/outlier_detection';
import type { NodeKind } from '../node.ts';
import { durationOf } from './duration.ts';
import { message } from './message.ts';

/** One that ejects nobody. Its numbers are Envoy's defaults: grpc-js takes a number that is absent for none at all. */
const off: MeshOutlierDetection = {
  consecutiveFailures: 0,
  intervalMs: 10_000,
  baseEjectionTimeMs: 30_000,
  maxEjectionTimeMs: 300_000,
  maxEjectionPercent: 10,
};

/**
 * A running grpc-js-xds (1.14) passes over a cluster that only adds outlier detection to what it has, for it looks at the
 * fields of the old one: so it always has one, switched off if need be. The mark is in a field that it keeps.
 * @param mark makes the content another one, see ReturnedNames
 */
export function outlierDetectionFor(
  kind: NodeKind,
  mark: number,
  { outlierDetection }: Policy,
): OutlierDetection | undefined {
  if (kind !== 'grpc-js') return outlierDetection && outliers(outlierDetection);
  const detection = outliers(outlierDetection ?? off);
  if (mark === 0) return detection;
  const { seconds, nanos } = detection.maxEjectionTime!;
  const wholeMs = nanos - (nanos % 1_000_000);
  // Less than a millisecond, which nobody will notice.
  return { ...detection, maxEjectionTime: { seconds, nanos: wholeMs + 1 + (mark % 999_999) } };
}

function outliers(detection: MeshOutlierDetection): OutlierDetection {
  const { successRate, failurePercentage } = detection;
  return message(OutlierDetection, {
    interval: durationOf(detection.intervalMs),
    baseEjectionTime: durationOf(detection.baseEjectionTimeMs),
    maxEjectionTime: durationOf(detection.maxEjectionTimeMs),
    maxEjectionPercent: detection.maxEjectionPercent,
    // As gRPC has it (A50); Envoy would eject nobody of nine endpoints by a percentage of ten.
    alwaysEjectOneHost: true,
    consecutive5xx: Math.max(1, detection.consecutiveFailures),
    enforcingConsecutive5xx: detection.consecutiveFailures > 0 ? 100 : 0,
    // Left out, both xDS and gRPC would take defaults that nobody asked for.
    enforcingConsecutiveGatewayFailure: 0,
    enforcingSuccessRate: successRate?.enforcementPercent ?? 0,
    ...(successRate === undefined
      ? {}
      : {
          successRateStdevFactor: Math.round(successRate.stdevFactor * 1000),
          successRateMinimumHosts: successRate.minimumHosts,
          successRateRequestVolume: successRate.requestVolume,
        }),
    enforcingFailurePercentage: failurePercentage?.enforcementPercent ?? 0,
    ...(failurePercentage === undefined
      ? {}
      : {
          failurePercentageThreshold: failurePercentage.thresholdPercent,
          failurePercentageMinimumHosts: failurePercentage.minimumHosts,
          failurePercentageRequestVolume: failurePercentage.requestVolume,
        }),
  });
}
