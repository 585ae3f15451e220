/** A Kubernetes cluster that sources ask, for pages and metrics. */
export interface ClusterState {
  name: string;
  region: string;
  /** How many sources follow a Service of it. */
  sources: number;
  /** How many of these get no updates; what they said last is kept. */
  away: number;
  endpoints: number;
  /** Why, of one of them; absent while all is well. */
  error?: string;
}

/** What one source knows of its cluster. */
interface Follower {
  region: string;
  endpoints: number;
  error?: string | undefined;
}

/** The clusters that sources follow now, and how that goes. */
export class ClusterStates {
  readonly #followers = new Map<string, Set<Follower>>();

  /** @returns to be changed as things go, and how to end it */
  follow({ name, region }: { name: string; region: string }): { state: Follower; end: () => void } {
    const state: Follower = { region, endpoints: 0 };
    const all = this.#followers.get(name) ?? new Set();
    this.#followers.set(name, all.add(state));
    const end = () => {
      all.delete(state);
      if (all.size === 0 && this.#followers.get(name) === all) this.#followers.delete(name);
    };
    return { state, end };
  }

  get all(): ClusterState[] {
    return [...this.#followers].map(([name, followers]) => {
      const all = [...followers];
      const away = all.filter(({ error }) => error !== undefined);
      return {
        name,
        region: all.at(-1)!.region,
        sources: all.length,
        away: away.length,
        endpoints: all.reduce((sum, { endpoints }) => sum + endpoints, 0),
        ...(away.length > 0 && { error: away.at(-1)!.error! }),
      };
    });
  }
}
