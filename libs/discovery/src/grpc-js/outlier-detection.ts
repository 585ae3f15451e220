import { defaultOutcomes, OutcomeTable, type OutlierOptions } from '@evenly/balancing';
import { status } from '@grpc/grpc-js';
import * as z from 'zod';
import { duration } from './duration.ts';

const percent = z.number().min(0).max(100);
const ejection = {
  enforcementPercent: percent.default(100),
  minimumHosts: z.int().min(1).max(10_000).default(5),
};
const requestVolume = z.int().min(1).max(1_000_000);
const failureCode = z.enum(
  Object.keys(status).filter((name) => Number.isNaN(Number(name)) && name !== 'OK') as [string],
);

/** With the names and defaults of a mesh config, so that one means what the other does. */
export const outlierDetectionSchema = z
  .strictObject({
    consecutiveFailures: z.int().min(0).max(10_000).default(5),
    failureCodes: z.array(failureCode).min(1).optional(),
    interval: duration.default(10_000),
    baseEjectionTime: duration.default(30_000),
    maxEjectionTime: duration.default(300_000),
    maxEjectionPercent: percent.default(10),
    successRate: z
      .strictObject({
        ...ejection,
        stdevFactor: z.number().min(0).max(10).default(1.9),
        requestVolume: requestVolume.default(100),
      })
      .optional(),
    failurePercentage: z
      .strictObject({
        ...ejection,
        thresholdPercent: percent.default(85),
        requestVolume: requestVolume.default(50),
      })
      .optional(),
  })
  .refine(({ baseEjectionTime, maxEjectionTime }) => baseEjectionTime <= maxEjectionTime, {
    error: 'must have a baseEjectionTime that is not more than its maxEjectionTime',
  });
type OutlierDetection = z.output<typeof outlierDetectionSchema>;

/** What a balancer needs for it. */
export function outlierOptions(detection: OutlierDetection): OutlierOptions {
  const { consecutiveFailures, interval, baseEjectionTime, maxEjectionTime } = detection;
  const { maxEjectionPercent, successRate, failurePercentage } = detection;
  return {
    consecutiveFailures,
    intervalMs: interval,
    baseEjectionMs: baseEjectionTime,
    maxEjectionMs: maxEjectionTime,
    maxEjectionPercent,
    alwaysEjectOne: true,
    successRate: successRate !== undefined && {
      stdevFactor: successRate.stdevFactor,
      minHosts: Math.max(2, successRate.minimumHosts),
      minCalls: successRate.requestVolume,
      enforcementPercent: successRate.enforcementPercent,
    },
    failurePercentage: failurePercentage !== undefined && {
      threshold: failurePercentage.thresholdPercent,
      minHosts: failurePercentage.minimumHosts,
      minCalls: failurePercentage.requestVolume,
      enforcementPercent: failurePercentage.enforcementPercent,
    },
  };
}

/** Which answers are an endpoint's fault. */
export function outcomeTable(codes: OutlierDetection['failureCodes']): OutcomeTable {
  if (codes === undefined) return defaultOutcomes;
  return new OutcomeTable(codes.map((code) => status[code as keyof typeof status]));
}
