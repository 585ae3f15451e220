import { ranges, type Range } from '@evenly/mesh-config';
import type { Duration } from '@evenly/proto/google/protobuf/duration';
import { msOf } from '../../resources/duration.ts';
import { refuseIf, type Warn } from '../refusal.ts';

/**
 * The numbers of xDS are wider than a config's: 32 bits, ten thousand years. What its API forbids is refused; what it
 * allows and a config cannot hold becomes the nearest that it can, and that is said.
 */

/** The usual word for "no limit". */
export const noLimit = 0xffff_ffff;

/** Of protobuf's Duration (`google/protobuf/duration.proto`): ten thousand years. */
const maxSeconds = 315_576_000_000n;

/** @throws Refusal unless it is in the range; NaN is not */
export function checked(field: string, value: number, { min, max }: Range): number {
  refuseIf(!(value >= min && value <= max), `${field} must be from ${min} to ${max}, not ${value}`);
  return value;
}

/** Said, unless it was "no limit": the most that a config can hold is none in practice. */
export function clamped(field: string, value: number, { min, max }: Range, warn: Warn): number {
  const used = Math.min(max, Math.max(min, value));
  if (used !== value && value !== noLimit) warn(`${field} ${value} counts as ${used}`);
  return used;
}

/** A time that something takes: more than 0. Below a millisecond it is one, as in Envoy. @throws Refusal */
export function waitMs(field: string, duration: Duration | undefined, warn: Warn): number | undefined {
  const ms = checkedMs(field, duration);
  if (ms === undefined) return undefined;
  refuseIf(ms === 0, `${field} must be more than 0`);
  return clamped(`${field} in ms`, Math.max(1, Math.round(ms)), ranges.durationMs, warn);
}

/** A deadline. 0 is none, and so is what is longer than a config's longest. @throws Refusal */
export function timeoutMs(field: string, duration: Duration | undefined, warn: Warn): number | undefined {
  const ms = checkedMs(field, duration);
  if (ms === undefined || ms === 0) return undefined;
  const { max } = ranges.durationMs;
  if (ms <= max) return Math.max(1, Math.round(ms));
  warn(`${field} of more than ${max / 3_600_000} h counts as none`);
  return undefined;
}

function checkedMs(field: string, duration: Duration | undefined): number | undefined {
  if (duration === undefined) return undefined;
  const { seconds, nanos } = duration;
  const isGood = seconds >= 0n && seconds <= maxSeconds && nanos >= 0 && nanos <= 999_999_999;
  refuseIf(!isGood, `${field} must be a duration from 0 to 10,000 years`);
  return msOf(duration);
}
