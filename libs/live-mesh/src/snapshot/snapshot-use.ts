import type { SnapshotStore } from './snapshot-store.ts';
import type { SnapshotContents, SnapshotKind } from './snapshot-text.ts';

/**
 * A source that has said nothing for so long, not even that it fails, is away: requests to a server that hangs end late.
 * Less than the 10 s after which an xds-server tells its clients that there are no endpoints.
 */
const silenceMs = 5000;

export interface SnapshotListener<Content> {
  /** The source is away: this is what it said last, and when that was known to be good. */
  onUse(content: Content, goodAtMs: number): void;
  /** What is in use is too old now, and not in use any more. */
  onExpired(): void;
  /** The source speaks for itself again. */
  onEnd(): void;
}

/** What a source does, for its snapshot. */
export interface SnapshotUse<Content> {
  told(content: Content): void;
  failed(): void;
  recovered(): void;
  stop(): void;
}

/**
 * Keeps what a source says in a snapshot, and tells what the snapshot of an earlier process has while the source cannot
 * be asked: from its first failure until it speaks, or what is known of it gets too old.
 * @param source tells it from all other sources of its kind
 */
export function useSnapshot<K extends SnapshotKind>(
  store: SnapshotStore,
  kind: K,
  source: string,
  listener: SnapshotListener<SnapshotContents[K]>,
): SnapshotUse<SnapshotContents[K]> {
  let hasSpoken = false;
  let inUse = false;
  let expiry: NodeJS.Timeout | undefined;
  const begin = () => {
    clearTimeout(silence);
    const entry = hasSpoken || inUse ? undefined : store.earlier(kind, source);
    if (entry === undefined) return;
    inUse = true;
    listener.onUse(entry.content, entry.goodAtMs);
    expiry = setTimeout(expire, entry.goodAtMs + store.maxAgeMs - Date.now());
  };
  const expire = () => {
    hasSpoken = true; // or it would be taken up again, with the same end
    inUse = false;
    listener.onExpired();
  };
  const end = () => {
    clearTimeout(silence);
    clearTimeout(expiry);
    hasSpoken = true;
    if (inUse) listener.onEnd();
    inUse = false;
  };
  const unfollow = store.follow(kind, source);
  const silence = setTimeout(begin, silenceMs);
  return {
    told: (content) => {
      end();
      store.told(kind, source, content);
    },
    failed: () => {
      begin();
      store.failed(kind, source);
    },
    recovered: () => store.recovered(kind, source),
    stop: () => {
      end();
      unfollow();
    },
  };
}
