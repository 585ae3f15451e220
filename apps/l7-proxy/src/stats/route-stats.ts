import { grpcCodes } from '@evenly/mesh-config';
import { LatencyCounts } from './latency-counts.ts';

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
  /** Further attempts of what no endpoint had processed. */
  transparentRetries = 0;
  /** Attempts beside the first one, by hedging. */
  hedges = 0;
  /** Copies of calls that went to a mirror. */
  mirrored = 0;
  /** Copies that were not made, or given up: the mirror cannot be reached, has enough to do, or is too slow. */
  mirrorsDropped = 0;

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
