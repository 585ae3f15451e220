/**
 * Durations as Go writes them, for config files: `30ms`, `10s`, `1m30s`.
 *
 * Why not a package: those that are alive read far more than this (`1 hr`, `3,5 days`), while a file that one of our
 * programs takes must be taken by all, and the JSON schema needs the form as a pattern anyway. Why not `libs/service`'s:
 * the two libraries know nothing of each other, so that either can be used alone; its form has units below 1 ms too.
 */

export const durationPattern = /^(\d+(\.\d+)?(ms|s|m|h))+$/;

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** @returns milliseconds of a text that `durationPattern` matches */
export function parseDuration(text: string): number {
  let totalMs = 0;
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h)/g))
    totalMs += Number(amount) * unitMs[unit!]!;
  return Math.round(totalMs * 1e6) / 1e6; // 1.1s is 1100, not 1100.0000000000002
}

/** Writes whole milliseconds in the largest unit that needs no fraction: `90000` → `90s`, `1500` → `1500ms`. */
export function formatDuration(ms: number): string {
  const unit = ['h', 'm', 's'].find((name) => ms !== 0 && ms % unitMs[name]! === 0) ?? 'ms';
  return `${ms / unitMs[unit]!}${unit}`;
}
