import type { Duration } from '@evenly/proto/google/protobuf/duration';

/** Milliseconds as protobuf's Duration, to the nanosecond. */
export function durationOf(ms: number): Duration {
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1000) * 1e6) };
}

/** A share in per cent as Envoy's fraction: a million is the whole, so that 0.01 % can be said. */
export const fractionOf = (percent: number) => ({
  numerator: Math.round(percent * 10_000),
  denominator: 2 as const,
});

/** The other way round. */
export function msOf(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : Number(duration.seconds) * 1000 + duration.nanos / 1e6;
}
