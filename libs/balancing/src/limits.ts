import { BalancingError } from './errors.ts';

/** Hosts of one balancer, and keys of one subset: twice the largest set that the project promises to carry (5,000). */
export const maxHosts = 10_000;
/** As in EDS (an unsigned 16-bit share is enough for any ratio that can be observed). */
export const maxWeight = 65_535;
/** EDS allows priorities 0 to 127. */
export const maxPriority = 127;
/** Longest time an option may name: a day. */
export const maxDurationMs = 86_400_000;

/** @throws BalancingError `BAD_OPTION` unless min <= value <= max */
export function checkNumber(option: string, value: number, min: number, max: number): number {
  if (!(value >= min && value <= max)) {
    throw new BalancingError('BAD_OPTION', `${option} must be a number from ${min} to ${max}, not ${value}`);
  }
  return value;
}

/** @throws BalancingError `BAD_OPTION` unless a whole number from min to max */
export function checkInteger(option: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value)) {
    throw new BalancingError('BAD_OPTION', `${option} must be a whole number, not ${value}`);
  }
  return checkNumber(option, value, min, max);
}
