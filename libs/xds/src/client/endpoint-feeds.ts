import { endpointSet, type EndpointListener, type EndpointSet, type EndpointSource } from '@evenly/endpoints';

const nobody = endpointSet([]);

/** Endpoints by cluster, as sources that the rest of a program follows. Their last set is kept as long as they are. */
export class EndpointFeeds {
  readonly #feeds = new Map<string, { set: EndpointSet | undefined; listeners: Set<EndpointListener> }>();

  /** @param set undefined: the cluster, or its endpoints, do not exist */
  tell(cluster: string, set: EndpointSet = nobody): void {
    const feed = this.#feed(cluster);
    if (feed.set?.version === set.version) return;
    feed.set = set;
    for (const listener of feed.listeners) listener.onEndpoints(set);
  }

  retain(clusters: ReadonlySet<string>): void {
    for (const [cluster, { listeners }] of this.#feeds) {
      if (!clusters.has(cluster) && listeners.size === 0) this.#feeds.delete(cluster);
    }
  }

  source(cluster: string): EndpointSource {
    return {
      description: `xds ${cluster}`,
      watch: (listener) => {
        let stopped = false;
        const feed = this.#feed(cluster);
        queueMicrotask(() => {
          if (stopped) return;
          feed.listeners.add(listener);
          if (feed.set !== undefined) listener.onEndpoints(feed.set);
        });
        return () => {
          stopped = true;
          feed.listeners.delete(listener);
        };
      },
    };
  }

  #feed(cluster: string) {
    let feed = this.#feeds.get(cluster);
    if (feed === undefined) this.#feeds.set(cluster, (feed = { set: undefined, listeners: new Set() }));
    return feed;
  }
}
