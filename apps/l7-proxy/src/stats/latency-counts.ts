/** Upper bounds in ms, as gRPC's OpenTelemetry metrics have them (gRFC A66), coarsened. */
export const latencyBoundsMs = [
  0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000,
] as const;

/** How long things took: counts by `latencyBoundsMs`, not cumulative; the last is above all bounds. */
export class LatencyCounts {
  readonly counts = new Float64Array(latencyBoundsMs.length + 1);
  sumMs = 0;

  observe(latencyMs: number): void {
    this.sumMs += latencyMs;
    let bucket = 0;
    while (bucket < latencyBoundsMs.length && latencyMs > latencyBoundsMs[bucket]!) bucket++;
    this.counts[bucket]!++;
  }
}
