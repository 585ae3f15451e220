import type { LoadStatsRequest, LoadStatsResponse } from '@evenly/proto/envoy/service/load_stats/v3/lrs';
import { anonymousNode, nodeInfo, type NodeInfo } from '../node.ts';
import { RequestBudget } from '../stream/request-budget.ts';
import type { LoadLimits } from './load-limits.ts';
import { readReport } from './load-report.ts';
import type { LoadStore } from './load-store.ts';

export interface LoadStreamOptions {
  store: LoadStore;
  limits: LoadLimits;
  /** How often the client should report. */
  intervalMs: number;
  /** Milliseconds, from any fixed point. */
  now: () => number;
}

/**
 * One stream of the load reporting service (LRS): the client says who it is, is told to report all its clusters and how
 * often, and reports from then on. No sockets, no timers.
 */
export class LoadStream {
  readonly #options: LoadStreamOptions;
  readonly #budget: RequestBudget;
  #node: NodeInfo = anonymousNode;
  #started = false;

  constructor(options: LoadStreamOptions) {
    this.#options = options;
    this.#budget = new RequestBudget(options.limits, options.now());
  }

  /** Who the client is; anonymous until its first request. */
  get node(): NodeInfo {
    return this.#node;
  }

  /**
   * Takes a report.
   * @returns the response; only the first request has one
   * @throws XdsError TOO_MANY_REQUESTS, REPORT_TOO_LARGE: the stream should be ended with it
   */
  onRequest(request: LoadStatsRequest): LoadStatsResponse | undefined {
    const { store, limits, intervalMs, now } = this.#options;
    const nowMs = now();
    this.#budget.take(nowMs);
    const isFirst = !this.#started;
    this.#started = true;
    if (isFirst && request.node !== undefined) this.#node = nodeInfo(request.node, true);
    const loads = readReport(request.clusterStats, limits);
    // The first request only asks; what it reports, if anything, counts like any other.
    if (!isFirst || loads.length > 0) store.report(this.#node, loads, nowMs);
    return isFirst ? everyCluster(intervalMs) : undefined;
  }
}

const everyCluster = (intervalMs: number): LoadStatsResponse => ({
  clusters: [],
  sendAllClusters: true,
  loadReportingInterval: {
    seconds: BigInt(Math.floor(intervalMs / 1000)),
    nanos: (intervalMs % 1000) * 1_000_000,
  },
  reportEndpointGranularity: false,
});
