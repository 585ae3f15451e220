import type { X509Certificate } from 'node:crypto';

/** From when until when a certificate is good, in milliseconds since 1970. */
export interface Validity {
  fromMs: number;
  untilMs: number;
}

/** What is left when people should know: by then whoever renews certificates has had time to do so. */
const shareLeft = 0.2;
const mostLeftMs = 14 * 24 * 3_600_000;

export function validityOf({ validFrom, validTo }: X509Certificate): Validity {
  return { fromMs: Date.parse(validFrom), untilMs: Date.parse(validTo) };
}

/** @param all at least one */
export function lastToEnd(all: readonly Validity[]): Validity {
  return all.reduce((last, each) => (each.untilMs > last.untilMs ? each : last));
}

/** It ends within a fifth of its time, and within 14 days; or has ended. */
export function endsSoon({ fromMs, untilMs }: Validity, nowMs: number): boolean {
  return untilMs - nowMs < Math.min(mostLeftMs, (untilMs - fromMs) * shareLeft);
}
