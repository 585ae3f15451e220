import type { HeaderBlock } from '@evenly/http2';
import type { Attempt } from '../../upstream/attempt.ts';
import type { ClientSide, ClientStream } from '../client-side.ts';
import { SavedRequest, type ReplayStore } from './saved-request.ts';

/**
 * The request of a call after its header block: what has come of it, what of it is kept for another attempt, and how much the
 * client may send. Fields are `private` by TypeScript only, as those of `Call`.
 */
export class RequestSide {
  /** All of it has come. */
  ended: boolean;
  /** It can be sent again: all of its content so far is kept, and the response has not begun. */
  canReplay = true;
  readonly client: ClientSide;
  readonly stream: ClientStream;
  /** The `x-request-id` that it was given here; the same for all attempts. */
  id: string | undefined = undefined;
  private readonly store: ReplayStore;
  private trailers: HeaderBlock | undefined = undefined;
  /** Its content so far; undefined while there is none, and once it is too much. */
  private saved: SavedRequest | undefined = undefined;
  /** Bytes of content whose credit the client got back. */
  private credited = 0;

  constructor(client: ClientSide, stream: ClientStream, store: ReplayStore, ended: boolean) {
    this.client = client;
    this.stream = stream;
    this.store = store;
    this.ended = ended;
  }

  /** Whether an attempt that begins now has to send more than the header block. */
  get hasMore(): boolean {
    return !this.ended || this.saved !== undefined || this.trailers !== undefined;
  }

  /** Takes content in, which must be sent to the attempts under way. @param isSent there are such */
  onData(bytes: Buffer, start: number, end: number, endStream: boolean, isSent: boolean): void {
    this.ended = endStream;
    if (this.canReplay && end > start) this.save(bytes, start, end, isSent);
  }

  /** The same for trailers. */
  onTrailers(block: HeaderBlock): void {
    this.ended = true;
    this.trailers = block;
  }

  /** Sends what has come so far to an attempt that begins. */
  sendTo(attempt: Attempt): void {
    if (this.saved !== undefined) {
      const ends = this.ended;
      this.saved.forEach((bytes, start, end, isLast) =>
        this.sendContent(attempt, bytes, start, end, isLast && ends),
      );
    }
    if (this.trailers !== undefined) attempt.connection.sendHeaders(attempt.stream, this.trailers, true);
  }

  sendContent(attempt: Attempt, bytes: Buffer, start: number, end: number, endStream: boolean): void {
    const ends = endStream && this.trailers === undefined;
    const sent = attempt.connection.sendData(attempt.stream, bytes, start, end, ends);
    if (sent > 0) this.onSent(attempt, sent);
  }

  /** Content has left for the endpoint: the client may send as much again, unless this is a second attempt at the same. */
  onSent(attempt: Attempt, bytes: number): void {
    attempt.sentBytes += bytes;
    const credit = attempt.sentBytes - this.credited;
    if (credit <= 0) return;
    this.credited += credit;
    this.client.consume(this.stream, credit);
  }

  /** There is no other attempt. */
  stopSaving(): void {
    this.canReplay = false;
    if (this.saved === undefined) return;
    this.saved.release();
    this.saved = undefined;
  }

  /** Keeps content for another attempt, as long as it is not too much; and in any case while there is no endpoint to send it to. */
  private save(bytes: Buffer, start: number, end: number, wasSent: boolean): void {
    const saved = (this.saved ??= new SavedRequest(this.store, this.client.memory));
    // What is not sent gets no new credit, so the stream's window bounds it.
    if (!wasSent || saved.hasRoomFor(end - start)) saved.add(bytes, start, end);
    else this.stopSaving();
  }
}
