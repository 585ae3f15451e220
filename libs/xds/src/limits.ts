/** What one client may do. Beyond it, its stream is ended with an error that says which limit it was. */
export interface StreamLimits {
  /** Names in the subscription of one type. */
  names: number;
  /** Characters of a name. */
  nameLength: number;
  /** Requests a second, on average; and how many at once before that average counts. */
  requestsPerSecond: number;
  requestBurst: number;
  /** How long a cluster's removal may wait for the client to acknowledge what replaces it. */
  removalHoldMs: number;
}

export const defaultLimits: StreamLimits = {
  names: 10_000,
  nameLength: 1024,
  requestsPerSecond: 100,
  requestBurst: 1000,
  removalHoldMs: 30_000,
};
