import type { Fault, GrpcCode } from '@evenly/mesh-config';

/** What a route's fault does to one call (gRFC A33): delay and abort are drawn independently. */
export function drawFault(
  fault: Fault,
  random: () => number,
): { delayMs: number; abort: GrpcCode | undefined } {
  const hits = (percent: number) => random() * 100 < percent;
  const { delay, abort } = fault;
  return {
    delayMs: delay !== undefined && hits(delay.percent) ? delay.durationMs : 0,
    abort: abort !== undefined && hits(abort.percent) ? abort.code : undefined,
  };
}
