import { grpcCodes } from '@evenly/mesh-config';

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

/**
 * What is counted for each route. Plain numbers: a labelled counter of a metrics library would cost as much as the rest
 * of a call.
 */
export class RouteStats {
  /** Ended gRPC calls by status code; the last is for codes that gRPC does not know, and answers without one. */
  readonly grpc = new Float64Array(grpcCodes.length + 1);
  /** Ended plain HTTP requests by the first digit of the status; 0 = reset. */
  readonly http = new Float64Array(6);
  readonly latency = new LatencyCounts();
  /** Calls under way. */
  active = 0;
  retries = 0;
  /** Tries again of what no endpoint had processed. */
  transparentRetries = 0;
  /** Attempts beside the first one, by hedging. */
  hedges = 0;

  grpcEnded(code: number, latencyMs: number): void {
    this.grpc[code >= 0 && code < grpcCodes.length ? code : grpcCodes.length]!++;
    this.#observe(latencyMs);
  }

  httpEnded(status: number, latencyMs: number): void {
    this.http[Math.min(5, Math.floor(status / 100))]!++;
    this.#observe(latencyMs);
  }

  #observe(latencyMs: number): void {
    this.active--;
    this.latency.observe(latencyMs);
  }
}
