import { ErrorCode, Http2UsageError } from '../errors.ts';
import { SendQueue } from '../flow/send-queue.ts';
import type { HeaderBlock } from '../headers/block.ts';
import type { HeaderField } from '../headers/field.ts';
import type { Core } from './core.ts';
import { keepBlock } from './held-memory.ts';
import { limitStream, outOfMemory } from './stream-errors.ts';
import { awaitResponse } from './probe.ts';
import { Stream } from './stream.ts';

/** DATA is written ahead of the transport up to here; the rest stays in the streams' queues, where it is fair. */
const MAX_AHEAD_BYTES = 131_072;
/** The same for header blocks of new streams, which no window holds back, within one turn. */
const MAX_OPEN_AHEAD_BYTES = 1_048_576;
/** A DATA frame below this, with more waiting, is one that the peer's window cut short. */
const TINY_DATA_BYTES = 64;

/** No stream is opened while so much waits for the peer: `onCapacity` says when that is over. */
export function outputIsFull(core: Core): boolean {
  // A transport that has drained takes what this turn writes; one that has not shall not be given more than DATA is.
  const most = core.writable ? MAX_OPEN_AHEAD_BYTES : MAX_AHEAD_BYTES;
  if (core.writer.pending < Math.min(most, core.limits.maxUnsentBytes / 2)) return false;
  core.openRefused = true;
  return true;
}

/** Opens a stream of ours (RFC 9113 §5.1.1); undefined when the peer's limit or the connection's end forbids it. */
export function openStream<TUser>(
  core: Core<TUser>,
  block: HeaderBlock,
  endStream: boolean,
  extra: readonly HeaderField[] | undefined,
): Stream<TUser> | undefined {
  if (!core.canOpen() || core.openOwnStreams >= core.peer.maxConcurrentStreams) return undefined;
  if (outputIsFull(core)) return undefined;
  const { initialWindowSize } = core.peer;
  const stream = new Stream<TUser>(core.nextOwnStreamId, initialWindowSize, core.localInitialWindow);
  core.nextOwnStreamId += 2;
  stream.head = block.asRequest().method === 'HEAD';
  stream.sentFinal = true;
  stream.localEnded = endStream;
  core.addStream(stream);
  awaitResponse(core);
  core.writer.headers(stream.id, core.encoder.encode(block, extra), endStream, core.peer.maxFrameSize);
  return stream;
}

/** Response headers, 1xx, or trailers. Trailers wait behind queued DATA. */
export function sendHeaders(
  core: Core,
  stream: Stream,
  block: HeaderBlock,
  endStream: boolean,
  extra: readonly HeaderField[] | undefined,
): void {
  if (stream.closed) return;
  if (stream.localEnded) throw new Http2UsageError('headers after the end of the stream');
  if (stream.sentFinal && !endStream) throw new Http2UsageError('trailers must end the stream');
  if (!stream.sentFinal) stream.sentFinal = block.asResponse().status >= 200;
  stream.localEnded = endStream;
  if (stream.queue !== undefined) {
    stream.queue.trailers = { block, extra };
    if (core.memory !== undefined) keepBlock(core, stream, block);
    return;
  }
  core.writer.headers(stream.id, core.encoder.encode(block, extra), endStream, core.peer.maxFrameSize);
  if (endStream) core.endIfDone(stream);
}

/** Sends what windows and transport allow of `bytes[start, end)` and queues a copy of the rest; returns the bytes sent. */
export function sendData(
  core: Core,
  stream: Stream,
  bytes: Uint8Array,
  start: number,
  end: number,
  endStream: boolean,
): number {
  // The peer has reset it: nobody wants these bytes, so they count as taken.
  if (stream.closed) return end - start;
  if (stream.localEnded) throw new Http2UsageError('data after the end of the stream');
  if (!stream.sentFinal) throw new Http2UsageError('data before the response headers');
  stream.localEnded = endStream;
  let position = start;
  if (stream.queue === undefined) {
    position = writeData(core, stream, bytes, start, end, endStream);
    if (position < end && isAhead(core)) {
      // What the turn has written leaves now: a queue would have the rest copied twice.
      core.transport.flush?.();
      if (stream.closed) return end - start;
      position = writeData(core, stream, bytes, position, end, endStream);
    }
    if (position === end && (end > start || !endStream || canWrite(core))) {
      if (endStream) core.endIfDone(stream);
      return end - start;
    }
    stream.queue = new SendQueue(core.nowMs);
    core.wait(stream);
  }
  if (end > position) {
    stream.queue.push(bytes, position, end);
    core.contentMemory?.add(end - position);
  }
  stream.queue.endStream = endStream;
  if (stream.queue.bytes > core.limits.maxQueuedBytesPerStream) {
    limitStream(core, stream, 'the peer does not read: too many bytes queued');
  } else if (core.contentMemory?.refusesMore === true) {
    outOfMemory(core, stream);
  }
  return position - start;
}

function canWrite(core: Core): boolean {
  return core.writable && !isAhead(core);
}

function isAhead(core: Core): boolean {
  return core.writer.pending >= MAX_AHEAD_BYTES;
}

/** Writes DATA frames as far as allowed; returns the position reached. An empty frame is written only to end a stream. */
function writeData(
  core: Core,
  stream: Stream,
  bytes: Uint8Array,
  start: number,
  end: number,
  endStream: boolean,
): number {
  let position = start;
  if (start === end && endStream && canWrite(core)) core.writer.data(stream.id, bytes, start, end, true);
  while (position < end && canWrite(core)) {
    const allowed = Math.min(end - position, stream.sendWindow, core.sendWindow, core.peer.maxFrameSize);
    if (allowed <= 0) break;
    const next = position + allowed;
    core.writer.data(stream.id, bytes, position, next, endStream && next === end);
    stream.sendWindow -= allowed;
    core.sendWindow -= allowed;
    core.flood.dataSent();
    awaitResponse(core);
    position = next;
    // A window of a few bytes makes us send many small frames (data dribble, CVE-2019-9511).
    if (allowed < TINY_DATA_BYTES && next < end) core.flood.spend('tinyData', core.nowMs, 'tiny windows');
  }
  return position;
}

/**
 * Sends queued DATA, one frame per stream in turn, until nothing more may leave. A stream that sent and has more goes
 * to the end of the set, where the same iteration finds it again.
 */
export function pump(core: Core): void {
  for (const stream of core.waiting) {
    if (!canWrite(core)) return;
    sendOneFrame(core, stream);
  }
}

/** The same for one stream, whose window opened. */
export function pumpStream(core: Core, stream: Stream): void {
  while (canWrite(core) && sendOneFrame(core, stream));
}

/** Sends one frame of the stream's queue; false when there is none or a window is closed. */
function sendOneFrame(core: Core, stream: Stream): boolean {
  const queue = stream.queue;
  if (queue === undefined || stream.closed) return false;
  let sent = 0;
  if (queue.bytes > 0) {
    const { head, headOffset, headEnd } = queue;
    const end = Math.min(headEnd, headOffset + core.peer.maxFrameSize);
    const last = queue.endStream && end - headOffset === queue.bytes;
    sent = writeData(core, stream, head, headOffset, end, last) - headOffset;
    if (sent === 0) return false;
    queue.advance(sent);
    core.contentMemory?.add(-sent);
    queue.progressAtMs = core.nowMs;
  } else if (queue.endStream) {
    core.writer.data(stream.id, EMPTY, 0, 0, true);
  }
  if (queue.bytes > 0) {
    // To the back of the line: every stream gets its turn.
    core.wait(stream);
  } else {
    finishQueue(core, stream, queue);
  }
  if (sent > 0) core.events.onDataSent?.(stream, sent);
  core.endIfDone(stream);
  if (stream.queue === undefined && stream.resetAfterQueue) core.resetStream(stream, ErrorCode.NO_ERROR);
  return true;
}

const EMPTY = Buffer.alloc(0);

function finishQueue(core: Core, stream: Stream, queue: SendQueue): void {
  stream.queue = undefined;
  core.waitNoMore(stream);
  const { trailers } = queue;
  if (trailers === undefined) return;
  core.writer.headers(
    stream.id,
    core.encoder.encode(trailers.block, trailers.extra),
    true,
    core.peer.maxFrameSize,
  );
}

/**
 * Ends a stream at once; queued DATA is dropped (RFC 9113 §6.4). Not so for NO_ERROR, which says that the answer is
 * complete and the rest of the request not needed (§8.1): it waits until the answer has left.
 */
export function resetByApplication(core: Core, stream: Stream, code: number): void {
  if (code === ErrorCode.NO_ERROR && stream.queue !== undefined && stream.localEnded)
    stream.resetAfterQueue = true;
  else core.resetStream(stream, code);
}
