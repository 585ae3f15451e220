/** How a stream closed: decides what a late frame for it means (RFC 9113 §5.1, "closed"). */
export type ClosedBy = 'end' | 'local-reset' | 'peer-reset' | undefined;

const RESETS_REMEMBERED = 512;
const ENDS_REMEMBERED = 32;

/**
 * Remembers, bounded, how recent streams closed. Frames that were on their way when we reset a stream are the
 * peer's right; frames after its own END_STREAM or RST_STREAM are its fault.
 */
export class ClosedStreams {
  private localResets: RecentIds | undefined = undefined;
  private peerResets: RecentIds | undefined = undefined;
  private ends: RecentIds | undefined = undefined;

  add(id: number, by: ClosedBy): void {
    if (by === 'end') (this.ends ??= new RecentIds(ENDS_REMEMBERED)).add(id);
    else if (by === 'local-reset') (this.localResets ??= new RecentIds(RESETS_REMEMBERED)).add(id);
    else if (by === 'peer-reset') (this.peerResets ??= new RecentIds(RESETS_REMEMBERED)).add(id);
  }

  find(id: number): ClosedBy {
    if (this.localResets?.has(id) === true) return 'local-reset';
    if (this.peerResets?.has(id) === true) return 'peer-reset';
    return this.ends?.has(id) === true ? 'end' : undefined;
  }
}

/** A ring of stream identifiers, which grows with them: most connections close few streams in any but the usual way. */
class RecentIds {
  private readonly size: number;
  private readonly ids: number[] = [];
  private next = 0;

  constructor(size: number) {
    this.size = size;
  }

  add(id: number): void {
    this.ids[this.next] = id;
    this.next = this.next + 1 === this.size ? 0 : this.next + 1;
  }

  has(id: number): boolean {
    return this.ids.includes(id);
  }
}
