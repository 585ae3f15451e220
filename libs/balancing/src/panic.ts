import { checkNumber } from './limits.ts';

/** Below half of the capacity, as in Envoy. */
export const defaultPanicThreshold = 0.5;

/**
 * Whether health is to be ignored: with so few healthy hosts, sending everything to them would bring them down too,
 * and health that bad is more often an error of the checks.
 *
 * @param healthyShare of the capacity of one priority, 0 to 1
 * @param threshold 0 (never) to 1
 */
export function isInPanic(healthyShare: number, threshold: number): boolean {
  return healthyShare < threshold;
}

/** @throws BalancingError `BAD_OPTION` */
export function checkPanicThreshold(threshold: number): number {
  return checkNumber('panicThreshold', threshold, 0, 1);
}
