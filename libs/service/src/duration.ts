const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 3.6e6,
};
const part = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g;

/**
 * Reads a Go duration (`300ms`, `10s`, `1m30s`, `0`), the form that gRPC's and Kubernetes' users write.
 * @returns milliseconds, or undefined when the text is not a duration (a unit is needed except for `0`).
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  let totalMs = 0;
  let end = 0;
  for (const match of text.matchAll(part)) {
    if (match.index !== end) return undefined;
    totalMs += Number(match[1]) * (unitMs[match[2]!] ?? NaN);
    end = match.index + match[0].length;
  }
  if (end === 0 || end !== text.length) return undefined;
  return Math.round(totalMs * 1e6) / 1e6; // whole nanoseconds: 1.1s is 1100, not 1100.0000000000002
}

/** Writes milliseconds the way `parseDuration` reads them: `1500` → `1.5s`. */
export function formatDuration(ms: number): string {
  if (ms >= 60_000 && ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms >= 1000 ? `${ms / 1000}s` : `${ms}ms`;
}
