import { endpointSet, Updates, type EndpointSource } from '@evenly/endpoints';
import type { SnapshotStore } from './snapshot-store.ts';
import { useSnapshot } from './snapshot-use.ts';

/**
 * A source whose endpoints are kept in a snapshot, and told from there while it is away after a start.
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
      const snapshot = useSnapshot(store, 'endpoints', description, {
        onUse: (set, goodAtMs) => {
          updates.endpoints(set);
          onSnapshot(goodAtMs);
        },
        onExpired: () => {
          onSnapshot(undefined);
          updates.endpoints(endpointSet([]));
        },
        onEnd: () => onSnapshot(undefined),
      });
      const stop = source.watch({
        onEndpoints: (set) => {
          snapshot.told(set);
          updates.endpoints(set);
        },
        onError: (error) => {
          snapshot.failed();
          updates.error('source', error);
        },
        onRecovered: () => {
          snapshot.recovered();
          updates.ok('source');
        },
      });
      return () => {
        snapshot.stop();
        stop();
      };
    },
  };
}
