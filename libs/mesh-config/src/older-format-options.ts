/** What `svc_config.json` and listener configs cannot say themselves: for a program's options to fill in. */
export interface OlderFormatOptions {
  /** The cluster's DNS domain; `cluster.local`. */
  clusterDomain?: string;
  /** The longest time between two DNS look-ups; 10 s. */
  refreshMs?: number;
  /** Deadline of a health check; 1 s. */
  healthTimeoutMs?: number;
  /** Time between two health checks of an endpoint; as `refreshMs`. */
  healthIntervalMs?: number;
}

export function withDefaults(options: OlderFormatOptions): Required<OlderFormatOptions> {
  const { clusterDomain = 'cluster.local', refreshMs = 10_000, healthTimeoutMs = 1000 } = options;
  return {
    clusterDomain,
    refreshMs,
    healthTimeoutMs,
    healthIntervalMs: options.healthIntervalMs ?? refreshMs,
  };
}
