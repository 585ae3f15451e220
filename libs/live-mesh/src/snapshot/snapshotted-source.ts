import { endpointSet, Updates, type EndpointSource } from '@evenly/endpoints';
import type { SnapshotStore } from './snapshot-store.ts';

/**
 * A source that has said nothing for so long, not even that it fails, is away: requests to a server that hangs end late.
 * Less than the 10 s after which an xds-server tells its clients that there are no endpoints.
 */
const silenceMs = 5000;

/**
 * Keeps what a source says in a snapshot, and tells what the snapshot of an earlier process has while the source cannot
 * be asked: from its first failure until it speaks, or what is known of it gets too old.
 * @param onSnapshot told until when what is in use was known to be good; undefined: the source speaks for itself again
 */
export function withSnapshot(
  source: EndpointSource,
  store: SnapshotStore,
  onSnapshot: (goodAtMs: number | undefined) => void,
): EndpointSource {
  const { description } = source;
  return {
    description,
    refresh: () => source.refresh?.(),
    endGrace: () => source.endGrace?.(),
    watch: (listener) => {
      const updates = new Updates(listener);
      let hasSpoken = false;
      let inUse = false;
      let expiry: NodeJS.Timeout | undefined;
      const useSnapshot = () => {
        clearTimeout(silence);
        const entry = hasSpoken || inUse ? undefined : store.earlier(description);
        if (entry === undefined) return;
        inUse = true;
        updates.endpoints(entry.set);
        onSnapshot(entry.goodAtMs);
        expiry = setTimeout(expire, entry.goodAtMs + store.maxAgeMs - Date.now());
      };
      const expire = () => {
        endUse();
        updates.endpoints(endpointSet([]));
      };
      const endUse = () => {
        clearTimeout(silence);
        clearTimeout(expiry);
        hasSpoken = true;
        if (inUse) onSnapshot(undefined);
        inUse = false;
      };
      const unfollow = store.follow(description);
      const silence = setTimeout(useSnapshot, silenceMs);
      const stop = source.watch({
        onEndpoints: (set) => {
          endUse();
          store.told(description, set);
          updates.endpoints(set);
        },
        onError: (error) => {
          useSnapshot();
          store.failed(description);
          updates.error('source', error);
        },
        onRecovered: () => {
          store.recovered(description);
          updates.ok('source');
        },
      });
      return () => {
        endUse();
        stop();
        unfollow();
      };
    },
  };
}
