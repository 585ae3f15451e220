/** What one client may do. Beyond it, its stream is ended with an error that says which limit it was. */
export interface StreamLimits {
  /** Names in the subscription of one type. */
  names: number;
  /** Characters of a name. */
  nameLength: number;
  /** Requests a second, on average; and how many at once before that average counts. */
  requestsPerSecond: number;
  requestBurst: number;
  /** How long one step may wait for the client to acknowledge the one before it ("make before break"). */
  holdMs: number;
  /** After how long rejected content is tried again; twice as long after each attempt, up to the second. */
  retryMs: number;
  retryMaxMs: number;
  /** How many rejections in a row are used up to find what the client rejects, where its errors name nothing. */
  unreadable: number;
}

/** What a name that a client gives takes beside its characters: entries of sets, and what is known of the resource. */
export const bytesPerName = 256;

export const defaultLimits: StreamLimits = {
  names: 10_000,
  nameLength: 1024,
  requestsPerSecond: 100,
  requestBurst: 1000,
  holdMs: 30_000,
  retryMs: 10_000,
  retryMaxMs: 300_000,
  unreadable: 32,
};
