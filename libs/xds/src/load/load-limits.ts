/** What one client may report, and how much is kept of all. */
export interface LoadLimits {
  /** Clusters in a report, and localities of each. More are an error: no client has that many. */
  clustersPerReport: number;
  localitiesPerCluster: number;
  /** Reports a second of one client, on average; and how many at once. */
  requestsPerSecond: number;
  requestBurst: number;
  /** Sums that are kept of all clients: one for each cluster and locality. What is over counts as `(other)`. */
  totals: number;
  /** Clients that are told apart, and sums that are kept of them all together. What is over counts in the totals only. */
  clients: number;
  clientSums: number;
  /** How long a client is remembered after its last report. */
  forgetMs: number;
}

export const defaultLoadLimits: LoadLimits = {
  clustersPerReport: 2000,
  localitiesPerCluster: 256,
  requestsPerSecond: 2,
  requestBurst: 20,
  totals: 2000,
  clients: 10_000,
  clientSums: 100_000,
  forgetMs: 300_000,
};
